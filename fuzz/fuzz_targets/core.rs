//! Arbitrary inputs into the relay's core, in the world of its own tests: never a panic, never a broken promise or bound.
//!
//! Each step is a byte that says what happens and the bytes that say to whom. The world checks every frame that leaves and the
//! model store after every append; at the end the faults stop and whoever waits is served.
#![no_main]
#![allow(dead_code, reason = "the core's own tests use all of the world, a target only a part")]

#[path = "../../relay/core/tests/whole/agents.rs"]
mod agents;
#[path = "../../relay/core/tests/whole/brief.rs"]
mod brief;
#[path = "../../relay/core/tests/whole/followed.rs"]
mod followed;
#[path = "../../relay/core/tests/whole/model.rs"]
mod model;
#[path = "../../relay/core/tests/whole/step.rs"]
mod step;
#[path = "../../relay/core/tests/whole/support.rs"]
mod support;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use relay_core::AppendError;
use step::{Step, heal, step_in, world};
use support::{conversation, message, page, visitor};
use wire::*;

/// More only repeats.
const STEPS_MAX: usize = 400;

fn small(bytes: &mut Unstructured<'_>) -> Result<u128> {
    bytes.int_in_range(1..=4)
}

fn seq(bytes: &mut Unstructured<'_>) -> Result<Seq> {
    Ok(Seq(if bytes.ratio(1, 16)? { bytes.arbitrary()? } else { bytes.int_in_range(0..=9)? }))
}

fn text(bytes: &mut Unstructured<'_>) -> Result<String> {
    Ok(if bytes.ratio(1, 4)? { bytes.arbitrary()? } else { "hello".to_owned() })
}

fn cursor(bytes: &mut Unstructured<'_>) -> Result<Cursor> {
    Ok(Cursor { shared: seq(bytes)?, staff: seq(bytes)? })
}

/// What an agent may record by itself, and what not.
fn body(bytes: &mut Unstructured<'_>) -> Result<Body> {
    Ok(match bytes.int_in_range(0..=3_u8)? {
        0 => Body::Note { text: text(bytes)? },
        1 => Body::Labelled { added: vec![text(bytes)?], removed: vec![text(bytes)?] },
        2 => Body::Closed,
        _ => Body::Assigned { agent: AgentId(small(bytes)?) },
    })
}

fn frame(bytes: &mut Unstructured<'_>) -> Result<ClientFrame> {
    let kind = bytes.int_in_range(0..=28)?;
    let conversation = conversation(small(bytes)?);
    let id = message(bytes.int_in_range(1..=40)?);
    Ok(match kind {
        0..=2 => ClientFrame::Say { conversation, id, say: Say::Text { text: text(bytes)? } },
        3 => ClientFrame::Say { conversation, id, say: Say::File { attachment: AttachmentId(small(bytes)?) } },
        4 => ClientFrame::Note { conversation, id, text: text(bytes)? },
        5 => ClientFrame::Typing { conversation },
        6 => ClientFrame::Seen { conversation, up_to: seq(bytes)? },
        7 => ClientFrame::LeaveQueue { conversation },
        8 => ClientFrame::Take { conversation },
        9 => ClientFrame::End { conversation, id },
        10 => ClientFrame::Rate { conversation, id, score: bytes.arbitrary()?, comment: text(bytes)? },
        11 => ClientFrame::Follow { follow: Follow { conversation, after: cursor(bytes)? } },
        12 => ClientFrame::Unfollow { conversation },
        13 => {
            let lane = if bytes.arbitrary()? { Lane::Shared } else { Lane::Staff };
            ClientFrame::Fetch { conversation, lane, after: seq(bytes)? }
        }
        14 => {
            let state = *bytes.choose(&[AgentState::Online, AgentState::Away, AgentState::Offline])?;
            ClientFrame::Presence { state }
        }
        15 => ClientFrame::Page { page: page(&text(bytes)?) },
        16 => {
            let before = if bytes.arbitrary()? { Some(conversation) } else { None };
            ClientFrame::ListClosed { before_ms: bytes.arbitrary()?, before }
        }
        17 => ClientFrame::ListOfVisitor { visitor: visitor(small(bytes)?) },
        18 => ClientFrame::Register,
        19 => ClientFrame::Ping,
        _ => desk(bytes, kind, conversation, id)?,
    })
}

/// What only the desk may wish.
fn desk(bytes: &mut Unstructured<'_>, kind: i32, conversation: ConversationId, id: MessageId) -> Result<ClientFrame> {
    let view = *bytes.choose(&[View::Open, View::Waiting, View::Owned, View::Left, View::Message])?;
    Ok(match kind {
        20 => {
            let scope = *bytes.choose(&[BlockScope::Visitor, BlockScope::Address, BlockScope::Network])?;
            let for_ms = if bytes.ratio(1, 4)? { bytes.arbitrary()? } else { 60_000 };
            ClientFrame::Block { conversation, scope, for_ms, reason: text(bytes)? }
        }
        21 => ClientFrame::Unblock { block: BlockId(bytes.arbitrary()?) },
        22 => ClientFrame::ListBlocks,
        23 => {
            let many = match bytes.int_in_range(0..=2_u8)? {
                0 => Many::Listed { conversations: vec![conversation] },
                1 => Many::OfNetwork { conversation },
                _ => Many::Found { view, find: text(bytes)? },
            };
            ClientFrame::EndMany { many }
        }
        24 => {
            let after =
                if bytes.arbitrary()? { Some(RowCursor { at_ms: bytes.arbitrary()?, conversation }) } else { None };
            ClientFrame::ListOpen { view, find: text(bytes)?, after }
        }
        25 => ClientFrame::Spam { conversation, id },
        26 => ClientFrame::Release { conversation },
        27 => ClientFrame::Record { conversation, id, body: body(bytes)? },
        _ => ClientFrame::Flood { on: bytes.arbitrary()? },
    })
}

fn step(bytes: &mut Unstructured<'_>) -> Result<Step> {
    let fails = [AppendError::Busy, AppendError::Down, AppendError::Moved, AppendError::AtCapacity];
    Ok(match bytes.int_in_range(0..=32_u8)? {
        0..=13 => Step::Frame(bytes.int_in_range(0..=11)?, frame(bytes)?),
        14..=16 => Step::Visitor(small(bytes)?, bytes.arbitrary()?),
        17 => Step::Stranger,
        18..=20 => Step::Agent(bytes.int_in_range(1..=3)?),
        21 => Step::Disconnect(bytes.int_in_range(0..=11)?),
        22..=26 => Step::Answer(bytes.int_in_range(1..=6)?),
        27 => Step::Fail(if bytes.arbitrary()? { Some(*bytes.choose(&fails)?) } else { None }),
        28 => Step::Wait(bytes.int_in_range(1..=40_000)?),
        29 => Step::SignedOut(bytes.int_in_range(1..=3)?),
        30 => Step::Settings(bytes.int_in_range(1..=4)?),
        31 => Step::SessionEnded(small(bytes)?),
        _ => Step::Restart,
    })
}

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = Unstructured::new(bytes);
    let mut world = world();
    for _ in 0..STEPS_MAX {
        if bytes.is_empty() {
            break;
        }
        let Ok(step) = step(&mut bytes) else { break };
        step_in(&mut world, step);
    }
    heal(&mut world);
});

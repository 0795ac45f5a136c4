//! What may happen to the core, one step after another: drawn by `arbitrary` here and by the fuzz target `core`.

use relay_core::{AppendError, Input, QueryError};
use wire::*;

use crate::support::*;

/// Something somebody does, or time, or trouble.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a few hundred of them in a test")]
pub(crate) enum Step {
    Frame(usize, ClientFrame),
    Visitor(u128, bool),
    Stranger,
    Agent(u128),
    Disconnect(usize),
    Answer(u8),
    Fail(Option<AppendError>),
    Wait(u64),
    SignedOut(u128),
    SessionEnded(u128),
    Settings(u32),
    Restart,
}

/// A world with two agents, a supervisor, visitors of two networks and a store that answers on request.
pub(crate) fn world() -> World {
    let supervisor = relay_core::Agent { roles: of_supervisor(), ..settings(3, 1) };
    let mut world = World::new(vec![settings(1, 1), settings(2, 2), supervisor]);
    world.networks = 2;
    world.store_waits = true;
    world.store.files.insert(AttachmentId(1), None);
    world
}

/// One step may make only so many frames.
pub(crate) fn step_in(world: &mut World, step: Step) {
    world.ignore();
    run(world, step);
    let frames: usize = world.got.values().map(Vec::len).sum();
    assert!(frames < 5_000, "one step makes {frames} frames");
}

/// When the faults stop, whoever waits is served as far as there is room.
pub(crate) fn heal(world: &mut World) {
    world.store_waits = false;
    world.append_fails.clear();
    world.query_fails.clear();
    world.settle();
    // Who is gone is passed over.
    for owner in world.store.open().into_iter().map(|row| row.visitor).collect::<std::collections::BTreeSet<_>>() {
        world.visitor(owner.0 - visitor(0).0);
    }
    let console = world.agent(1);
    world.frame(console, ClientFrame::Presence { state: AgentState::Online });
    world.advance(5_000);
    world.settle();
    let open = world.store.open();
    let waiting = open.iter().filter(|it| matches!(it.state, ConversationState::Waiting { .. })).count();
    assert_eq!(world.core.gauges().waiting, waiting);
    assert_eq!(world.core.gauges().open_conversations, open.len());
    assert!(world.requests.is_empty());
    world.followed.check(&world.store, &world.peers, &world.sites);
    // Whoever is gone is given to nobody.
    let here = |visitor: VisitorId| world.peers.values().any(|peer| *peer == Some(visitor));
    if open.iter().any(|it| matches!(it.state, ConversationState::Waiting { .. }) && here(it.visitor)) {
        assert_eq!(world.store.load(agent(1)), world.agents[0].capacity);
    }
}

/// Does one step. Connections are picked among those that are open.
fn run(world: &mut World, step: Step) {
    let connections: Vec<_> = world.peers.keys().copied().collect();
    let pick = |n: usize| (!connections.is_empty()).then(|| connections[n % connections.len()]);
    match step {
        Step::Frame(n, frame) => {
            // Nobody guesses the id of a block.
            let known = world.blocks.keys().nth(n % world.blocks.len().max(1)).copied();
            let frame = match (frame, known) {
                (ClientFrame::Unblock { .. }, Some(block)) => ClientFrame::Unblock { block },
                (frame, _) => frame,
            };
            if let Some(connection) = pick(n) {
                world.frame(connection, frame);
            }
        }
        Step::Visitor(n, follow) => {
            let follow = if follow {
                vec![Follow { conversation: conversation(n), after: Cursor::default() }]
            } else {
                Vec::new()
            };
            world.visitor_at(n, "https://example.com/", follow);
        }
        Step::Stranger => {
            world.stranger();
        }
        Step::Agent(n) => {
            world.agent(n);
        }
        Step::Disconnect(n) => {
            if let Some(connection) = pick(n) {
                world.disconnect(connection);
            }
        }
        Step::Answer(count) => {
            for _ in 0..count {
                world.answer_one();
            }
        }
        Step::Fail(Some(error)) => world.append_fails.push_back(error),
        Step::Fail(None) => world.query_fails.push_back(QueryError::Busy),
        Step::Wait(wait_ms) => world.advance(wait_ms),
        Step::SignedOut(n) => world.input(Input::SignedOut { agent: agent(n) }),
        Step::SessionEnded(n) => world.input(Input::SessionEnded { visitor: visitor(n) }),
        Step::Settings(capacity) => {
            // Raised only: lowering it below what somebody holds already is no breach.
            for known in &mut world.agents {
                known.capacity = known.capacity.max(capacity);
            }
            let agents = world.agents.clone();
            world.input(Input::Agents(agents));
        }
        Step::Restart => world.restart(),
    }
}

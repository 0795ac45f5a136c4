//! Whatever anybody sends, in whatever order the store answers: the core keeps its promises.
//!
//! What leaves is checked frame by frame in `support` (visitors see only their own, only the shared lane, `Welcome`
//! goes to open connections), what is recorded after every append in the model store (capacity, nobody served twice).

use proptest::prelude::*;
use relay_core::AppendError;
use wire::*;

use crate::step::*;
use crate::support::*;

fn small() -> impl Strategy<Value = u128> {
    1..5_u128
}

fn seq() -> impl Strategy<Value = Seq> {
    (0..8_u64).prop_map(Seq)
}

fn frame() -> impl Strategy<Value = ClientFrame> {
    let c = || small().prop_map(conversation);
    let m = || (1..40_u128).prop_map(message);
    let cursor = (seq(), seq()).prop_map(|(shared, staff)| Cursor { shared, staff });
    let text = prop_oneof![8 => Just("hello".to_owned()), 1 => Just(String::new()), 1 => any::<String>()];
    let presence = prop_oneof![Just(AgentState::Online), Just(AgentState::Away), Just(AgentState::Offline)];
    let lane = prop_oneof![Just(Lane::Shared), Just(Lane::Staff)];
    prop_oneof![
        6 => (c(), m(), text.clone()).prop_map(|(conversation, id, text)| ClientFrame::Say {
            conversation, id, say: Say::Text { text }
        }),
        1 => (c(), m()).prop_map(|(conversation, id)| ClientFrame::Say {
            conversation, id, say: Say::File { attachment: AttachmentId(1) }
        }),
        1 => (c(), m(), text.clone()).prop_map(|(conversation, id, text)| ClientFrame::Note { conversation, id, text }),
        1 => (c(), m(), body(text)).prop_map(|(conversation, id, body)| ClientFrame::Record { conversation, id, body }),
        1 => c().prop_map(|conversation| ClientFrame::Typing { conversation }),
        2 => (c(), seq()).prop_map(|(conversation, up_to)| ClientFrame::Seen { conversation, up_to }),
        1 => c().prop_map(|conversation| ClientFrame::LeaveQueue { conversation }),
        2 => c().prop_map(|conversation| ClientFrame::Take { conversation }),
        2 => (c(), m()).prop_map(|(conversation, id)| ClientFrame::End { conversation, id }),
        1 => (c(), m(), 0..7_u8).prop_map(|(conversation, id, score)| ClientFrame::Rate {
            conversation, id, score, comment: String::new()
        }),
        2 => (c(), cursor).prop_map(|(conversation, after)| ClientFrame::Follow {
            follow: Follow { conversation, after }
        }),
        1 => c().prop_map(|conversation| ClientFrame::Unfollow { conversation }),
        1 => (c(), lane, seq()).prop_map(|(conversation, lane, after)| ClientFrame::Fetch { conversation, lane, after }),
        2 => presence.prop_map(|state| ClientFrame::Presence { state }),
        1 => any::<String>().prop_map(|url| ClientFrame::Page { page: page(&url) }),
        1 => Just(ClientFrame::ListClosed { before_ms: u64::MAX, before: None }),
        1 => small().prop_map(|n| ClientFrame::ListOfVisitor { visitor: visitor(n) }),
        4 => console(),
        1 => Just(ClientFrame::Register),
        1 => Just(ClientFrame::Ping),
    ]
}

/// What an agent may record by itself, and what not.
fn body(text: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = Body> {
    prop_oneof![
        text.clone().prop_map(|text| Body::Note { text }),
        (text.clone(), text).prop_map(|(one, other)| Body::Labelled { added: vec![one], removed: vec![other] }),
        Just(Body::Closed),
        small().prop_map(|n| Body::Assigned { agent: agent(n) }),
    ]
}

/// What only agents may ask for.
fn console() -> impl Strategy<Value = ClientFrame> {
    let c = || small().prop_map(conversation);
    let view = || prop::sample::select(vec![View::Open, View::Waiting, View::Owned, View::Left, View::Message]);
    let find = || prop_oneof![2 => Just(String::new()), 1 => Just("hello".to_owned()), 1 => any::<String>()];
    let after = (any::<u64>(), c()).prop_map(|(at_ms, conversation)| RowCursor { at_ms, conversation });
    let scope = prop_oneof![Just(BlockScope::Visitor), Just(BlockScope::Address), Just(BlockScope::Network)];
    let many = prop_oneof![
        prop::collection::vec(c(), 0..4).prop_map(|conversations| Many::Listed { conversations }),
        c().prop_map(|conversation| Many::OfNetwork { conversation }),
        (view(), find()).prop_map(|(view, find)| Many::Found { view, find }),
    ];
    prop_oneof![
        1 => (c(), scope, prop_oneof![Just(60_000), any::<u64>()], any::<String>()).prop_map(
            |(conversation, scope, for_ms, reason)| ClientFrame::Block { conversation, scope, for_ms, reason }
        ),
        1 => any::<u128>().prop_map(|block| ClientFrame::Unblock { block: BlockId(block) }),
        1 => Just(ClientFrame::ListBlocks),
        1 => many.prop_map(|many| ClientFrame::EndMany { many }),
        2 => (view(), find(), prop::option::of(after))
            .prop_map(|(view, find, after)| ClientFrame::ListOpen { view, find, after }),
        1 => (c(), (1..40_u128).prop_map(message)).prop_map(|(conversation, id)| ClientFrame::Spam { conversation, id }),
        2 => c().prop_map(|conversation| ClientFrame::Release { conversation }),
        1 => any::<bool>().prop_map(|on| ClientFrame::Flood { on }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let error = prop_oneof![
        Just(AppendError::Busy),
        Just(AppendError::Down),
        Just(AppendError::Moved),
        Just(AppendError::AtCapacity),
    ];
    prop_oneof![
        24 => (0..12_usize, frame()).prop_map(|(connection, frame)| Step::Frame(connection, frame)),
        3 => (small(), any::<bool>()).prop_map(|(n, follow)| Step::Visitor(n, follow)),
        1 => Just(Step::Stranger),
        3 => (1..4_u128).prop_map(Step::Agent),
        2 => (0..12_usize).prop_map(Step::Disconnect),
        12 => (1..6_u8).prop_map(Step::Answer),
        1 => proptest::option::of(error).prop_map(Step::Fail),
        3 => (1..40_000_u64).prop_map(Step::Wait),
        1 => (1..4_u128).prop_map(Step::SignedOut),
        1 => small().prop_map(Step::SessionEnded),
        1 => (1..4_u32).prop_map(Step::Settings),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_anybody_sends_breaks_a_promise(steps in prop::collection::vec(step(), 1..160)) {
        let mut world = world();
        for step in steps {
            step_in(&mut world, step);
        }
        heal(&mut world);
    }
}

//! Whatever anybody sends, in whatever order the store answers: the core keeps its promises.
//!
//! What leaves is checked frame by frame in `support` (visitors see only their own, only the shared lane, `Welcome`
//! goes to open lines), what is recorded after every append in the model store (capacity, nobody served twice).

use proptest::prelude::*;
use relay_core::{AppendError, Input, QueryError};
use wire::*;

use crate::support::*;

#[derive(Clone, Debug)]
enum Step {
    Frame(usize, ClientFrame),
    Visitor(u128, bool),
    Stranger,
    Agent(u128),
    Disconnect(usize),
    Answer(u8),
    Fail(Option<AppendError>),
    Wait(u64),
    SignedOut(u128),
    Settings(u32),
    Restart,
}

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
        1 => (c(), m(), text).prop_map(|(conversation, id, text)| ClientFrame::Note { conversation, id, text }),
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
        1 => Just(ClientFrame::Register),
        1 => Just(ClientFrame::Ping),
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
        24 => (0..12_usize, frame()).prop_map(|(line, frame)| Step::Frame(line, frame)),
        3 => (small(), any::<bool>()).prop_map(|(n, follow)| Step::Visitor(n, follow)),
        1 => Just(Step::Stranger),
        3 => (1..4_u128).prop_map(Step::Agent),
        2 => (0..12_usize).prop_map(Step::Disconnect),
        12 => (1..6_u8).prop_map(Step::Answer),
        1 => proptest::option::of(error).prop_map(Step::Fail),
        3 => (1..40_000_u64).prop_map(Step::Wait),
        1 => (1..4_u128).prop_map(Step::SignedOut),
        1 => (1..4_u32).prop_map(Step::Settings),
        1 => Just(Step::Restart),
    ]
}

fn run(world: &mut World, step: Step) {
    let lines: Vec<_> = world.peers.keys().copied().collect();
    let pick = |n: usize| (!lines.is_empty()).then(|| lines[n % lines.len()]);
    match step {
        Step::Frame(n, frame) => {
            if let Some(line) = pick(n) {
                world.frame(line, frame);
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
            if let Some(line) = pick(n) {
                world.disconnect(line);
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_anybody_sends_breaks_a_promise(steps in prop::collection::vec(step(), 1..160)) {
        let mut world = World::new(vec![settings(1, 1), settings(2, 2), settings(3, 1)]);
        world.store_waits = true;
        world.store.files.insert(AttachmentId(1));
        for step in steps {
            world.ignore();
            run(&mut world, step);
            let frames: usize = world.got.values().map(Vec::len).sum();
            prop_assert!(frames < 5_000, "one step makes {} frames", frames);
        }
        // When the faults stop, whoever waits is served as far as there is room.
        world.store_waits = false;
        world.append_fails.clear();
        world.query_fails.clear();
        world.settle();
        let desk = world.agent(1);
        world.frame(desk, ClientFrame::Presence { state: AgentState::Online });
        world.advance(5_000);
        world.settle();
        let open = world.store.open();
        let waiting = open.iter().filter(|it| matches!(it.state, ConversationState::Waiting { .. })).count();
        prop_assert_eq!(world.core.gauges().waiting, waiting);
        prop_assert_eq!(world.core.gauges().open_conversations, open.len());
        prop_assert!(world.requests.is_empty());
        if waiting > 0 {
            prop_assert_eq!(world.store.load(agent(1)), world.agents[0].capacity);
        }
    }
}

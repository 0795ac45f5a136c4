//! Sessions of both sides over lines that break at any moment: nothing is lost, nothing is twice, all see the same order.

mod relay;
mod world;

use proptest::prelude::*;
use relay::Client;
use world::World;

/// What happens in a run.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// The visitor writes, in one of two tabs.
    VisitorSays(Client),
    AgentSays,
    AgentNotes,
    /// Somebody ends what is shown.
    Ends(Client),
    /// The agent looks at another conversation.
    AgentShows(usize),
    /// Frames go up, frames go down.
    Up(Client, usize),
    Down(Client, usize),
    /// All frames go where they go, until there are none.
    Flow,
    /// The next event for a page is lost while the connection stays.
    Lose(Client),
    /// The connection breaks; what is on it is lost.
    Cut(Client),
    /// The page is loaded anew.
    Reload(Client),
    /// The relay refuses some.
    Busy(u32),
    /// Time passes.
    Wait(u64),
    /// A browser's clock is set.
    ClockJumps(Client, i64),
    Visible(Client, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let client = || 0..3_usize;
    prop_oneof![
        8 => (0..2_usize).prop_map(Step::VisitorSays),
        6 => Just(Step::AgentSays),
        1 => Just(Step::AgentNotes),
        2 => client().prop_map(Step::Ends),
        2 => (0..4_usize).prop_map(Step::AgentShows),
        6 => (client(), 1..6_usize).prop_map(|(client, count)| Step::Up(client, count)),
        6 => (client(), 1..6_usize).prop_map(|(client, count)| Step::Down(client, count)),
        8 => Just(Step::Flow),
        3 => client().prop_map(Step::Lose),
        2 => client().prop_map(Step::Cut),
        2 => client().prop_map(Step::Reload),
        1 => (1..4_u32).prop_map(Step::Busy),
        3 => prop_oneof![4 => Just(10_u64), 4 => Just(600), 1 => Just(5_000), 1 => Just(16_000), 1 => Just(60_000)]
            .prop_map(Step::Wait),
        1 => (client(), -1_000_000_i64..1_000_000).prop_map(|(client, by_ms)| Step::ClockJumps(client, by_ms)),
        1 => (client(), any::<bool>()).prop_map(|(client, visible)| Step::Visible(client, visible)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_nothing_is_twice(
        steps in prop::collection::vec(step(), 1..150),
        ended_first in any::<bool>(),
    ) {
        let mut world = World::new();
        world.relay.ended_first = ended_first;
        for step in &steps {
            world.run(step);
        }
        world.heal(120_000);
        world.check();
    }
}

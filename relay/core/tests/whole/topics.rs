//! The bus is asked for what clients of this relay follow, and for nothing else.

use relay_core::{ConnectionId, Topic};
use wire::*;

use crate::support::*;

/// Something that clients do. Ann's conversation is 1, Ben's is 2; the console is agent 1's, the other console agent 2's.
#[derive(Clone, Copy)]
enum When {
    AnnComes,
    AnnComesTwice,
    AnnWrites,
    AnnEnds,
    AnnGoes,
    BenWrites,
    DeskComes,
    AgentFollows(u128),
    DeskUnfollows(u128),
    DeskGoes,
    OtherDeskComes,
    OtherDeskGoes,
    /// The next append fails.
    StoreFails,
}

use When::*;

struct Clients {
    world: World,
    ann: Vec<ConnectionId>,
    ben: Option<ConnectionId>,
    consoles: [Option<ConnectionId>; 2],
}

impl Clients {
    fn do_it(&mut self, when: When) {
        let world = &mut self.world;
        let follow = |n| Follow { conversation: conversation(n), after: Cursor::default() };
        let console = self.consoles[0];
        match when {
            AnnComes | AnnComesTwice => self.ann.push(world.visitor(1)),
            AnnWrites => world.frame(self.ann[0], say(1, 1, "hello")),
            AnnEnds => {
                let (conversation, id) = (conversation(1), message(3));
                world.frame(self.ann[0], ClientFrame::End { conversation, id });
            }
            AnnGoes => world.disconnect(self.ann.pop().expect("she is here")),
            BenWrites => {
                let ben = *self.ben.get_or_insert_with(|| world.visitor(2));
                world.frame(ben, say(2, 2, "hello"));
            }
            DeskComes => self.consoles[0] = Some(world.agent_who_chose(1, Some(AgentState::Away))),
            AgentFollows(n) => world.frame(console.expect("here"), ClientFrame::Follow { follow: follow(n) }),
            DeskUnfollows(n) => {
                let conversation = conversation(n);
                world.frame(console.expect("here"), ClientFrame::Unfollow { conversation });
            }
            DeskGoes => world.disconnect(self.consoles[0].take().expect("here")),
            OtherDeskComes => self.consoles[1] = Some(world.agent(2)),
            OtherDeskGoes => world.disconnect(self.consoles[1].take().expect("here")),
            StoreFails => world.append_fails.push_back(relay_core::AppendError::Busy),
        }
        world.followed.check_always(&world.peers, &world.sites);
        world.followed.check(&world.store, &world.peers, &world.sites);
    }
}

fn it(n: u128) -> Topic {
    Topic::Conversation(conversation(n))
}

fn staff() -> Topic {
    Topic::Staff(site())
}

/// Given what clients did before, when this is done, these topics more and these fewer are subscribed.
fn check(given: &[When], when: When, more: &[Topic], fewer: &[Topic]) {
    let world = World::new(vec![settings(1, 4), settings(2, 4)]);
    let mut clients = Clients { world, ann: Vec::new(), ben: None, consoles: [None; 2] };
    clients.world.settle();
    for done in given {
        clients.do_it(*done);
    }
    let before = clients.world.followed.topics.clone();
    clients.do_it(when);
    let after = &clients.world.followed.topics;
    assert_eq!(after.difference(&before).collect::<Vec<_>>(), more.iter().collect::<Vec<_>>());
    assert_eq!(before.difference(after).collect::<Vec<_>>(), fewer.iter().collect::<Vec<_>>());
}

#[test]
fn a_visitors_conversation_is_subscribed_from_its_opening_until_it_ends_or_they_have_gone() {
    check(&[], AnnComes, &[], &[]);
    check(&[AnnComes], AnnWrites, &[it(1)], &[]);
    check(&[AnnComes, AnnWrites], AnnEnds, &[], &[it(1)]);
    check(&[AnnComes, AnnWrites], AnnGoes, &[], &[it(1)]);
    check(&[AnnComes, AnnComesTwice, AnnWrites], AnnGoes, &[], &[]);
    check(&[AnnComes, AnnWrites, AnnGoes], AnnComes, &[it(1)], &[]);
    check(&[AnnComes, AnnWrites, AnnEnds, AnnGoes], AnnComes, &[], &[]);
    // What was not opened is not followed.
    check(&[AnnComes, StoreFails], AnnWrites, &[], &[]);
}

#[test]
fn a_site_is_subscribed_while_an_agent_is_connected() {
    check(&[], DeskComes, &[staff()], &[]);
    check(&[DeskComes], OtherDeskComes, &[], &[]);
    check(&[DeskComes, OtherDeskComes], DeskGoes, &[], &[]);
    check(&[DeskComes], DeskGoes, &[], &[staff()]);
}

#[test]
fn what_an_agent_follows_or_has_is_subscribed_while_one_of_them_is_connected() {
    let ended = [AnnComes, AnnWrites, AnnEnds, DeskComes];
    check(&ended, AgentFollows(1), &[it(1)], &[]);
    check(&[&ended[..], &[AgentFollows(1)]].concat(), DeskUnfollows(1), &[], &[it(1)]);
    check(&[&ended[..], &[AgentFollows(1)]].concat(), DeskGoes, &[], &[it(1), staff()]);
    check(&[DeskComes], AgentFollows(9), &[], &[]);
    // The visitor follows it as well.
    let open = [AnnComes, AnnWrites, DeskComes, AgentFollows(1)];
    check(&open, DeskUnfollows(1), &[], &[]);
    check(&open, AnnGoes, &[], &[]);
    check(&[&open[..], &[DeskUnfollows(1)]].concat(), AnnGoes, &[], &[it(1)]);
    // So does the agent who has it.
    let held = [OtherDeskComes, AnnComes, AnnWrites];
    check(&held, AnnGoes, &[], &[]);
    check(&[&held[..], &[AnnGoes]].concat(), OtherDeskGoes, &[], &[it(1), staff()]);
    check(&[&held[..], &[AnnGoes, OtherDeskGoes]].concat(), OtherDeskComes, &[it(1), staff()], &[]);
    check(&[&held[..], &[AnnGoes]].concat(), BenWrites, &[it(2)], &[]);
}

#[test]
fn a_new_site_is_subscribed_while_an_agent_is_connected() {
    let mut world = World::new(vec![settings(1, 4)]);
    world.agent(1);
    let other: SiteId = "other".parse().expect("a site id");
    world.sites.push(other.clone());
    let sites = world.sites.clone();
    world.input(relay_core::Input::Sites(sites));
    assert!(world.followed.topics.contains(&Topic::Staff(other)));
    world.followed.check(&world.store, &world.peers, &world.sites);
}

#[test]
fn the_bus_is_asked_before_the_store_so_that_nothing_falls_between() {
    use relay_core::{Input, Output, Peer};
    let order = |world: &mut World, input: Input| {
        world.core.handle(world.now_ms, input);
        let mut asked = Vec::new();
        while let Some(output) = world.core.next_output() {
            if matches!(&output, Output::Subscribe(topic) if *topic == it(1)) {
                asked.push("subscribe");
            } else if matches!(output, Output::Query { .. }) {
                asked.push("read");
            } else if matches!(output, Output::Append { .. }) {
                asked.push("record");
            }
        }
        asked
    };
    let mut world = World::new(vec![settings(1, 4)]);
    let ann = world.visitor(1);
    let frame = Incoming::of(Party::Visitor, say(1, 1, "hello")).expect("a visitor's");
    assert_eq!(order(&mut world, Input::Frame { connection: ann, frame }), ["subscribe", "record"]);

    let mut world = World::new(vec![settings(1, 4)]);
    let ann = world.visitor(1);
    world.frame(ann, say(1, 1, "hello"));
    world.disconnect(ann);
    let source = relay_core::Source::default();
    let peer = Peer::Visitor { site: site(), visitor: Some(visitor(1)), page: page("https://example.com/"), source };
    let again = Input::Connected { connection: ConnectionId(90), peer, follow: Vec::new() };
    assert_eq!(order(&mut world, again), ["subscribe", "read"]);
}

//! The topics that this relay is subscribed to: each one while a client of its own follows it.
//!
//! Takes: whether a conversation is followed, whether an agent is connected, the sites.
//! Gives: `Subscribe` when the first client follows a topic, `Unsubscribe` when the last one has gone.

use std::collections::BTreeSet;

use wire::{ConversationId, SiteId};

use crate::output::Output;
use crate::planted::{Planted, planted};
use crate::step::Step;
use crate::topic::Topic;

/// The topics that the bus was asked for. Its size is bounded by the connections: of a visitor their open conversations, of an agent
/// those it follows and those it has, and the sites once.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    conversations: BTreeSet<ConversationId>,
    /// Every site.
    sites: BTreeSet<SiteId>,
    /// Whether an agent is connected: agents see the conversations of every site.
    staffed: bool,
}

impl Subscriptions {
    /// Nothing is subscribed.
    pub(crate) fn new(sites: Vec<SiteId>) -> Self {
        Self { conversations: BTreeSet::new(), sites: sites.into_iter().collect(), staffed: false }
    }

    /// Subscribes to what every relay needs from its start to its end.
    pub(crate) fn started(&self, step: &mut Step) {
        step.output(Output::Subscribe(Topic::Presence));
        step.output(Output::Subscribe(Topic::Settings));
    }

    /// Whether a client of this relay follows a conversation now.
    pub(crate) fn set_conversation(&mut self, id: ConversationId, followed: bool, step: &mut Step) {
        if followed && !planted(Planted::ForgetsToSubscribe) && self.conversations.insert(id) {
            step.output(Output::Subscribe(Topic::Conversation(id)));
        }
        if !followed && !planted(Planted::KeepsSubscriptions) && self.conversations.remove(&id) {
            step.output(Output::Unsubscribe(Topic::Conversation(id)));
        }
    }

    /// Whether an agent is connected to this relay now.
    pub(crate) fn set_staffed(&mut self, staffed: bool, step: &mut Step) {
        if std::mem::replace(&mut self.staffed, staffed) != staffed {
            for site in &self.sites {
                step.output(of_staff(site, staffed));
            }
        }
    }

    /// The sites in the store now.
    pub(crate) fn set_sites(&mut self, sites: Vec<SiteId>, step: &mut Step) {
        let old = std::mem::replace(&mut self.sites, sites.into_iter().collect());
        if self.staffed {
            for site in old.difference(&self.sites) {
                step.output(of_staff(site, false));
            }
            for site in self.sites.difference(&old) {
                step.output(of_staff(site, true));
            }
        }
    }
}

fn of_staff(site: &SiteId, subscribe: bool) -> Output {
    let topic = Topic::Staff(site.clone());
    if subscribe { Output::Subscribe(topic) } else { Output::Unsubscribe(topic) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::news::News;

    const ONE: ConversationId = ConversationId(1);

    fn site(id: &str) -> SiteId {
        id.parse().unwrap()
    }

    /// Given what happened before, when this happens to the subscriptions of a relay with two sites, exactly this is asked of the bus.
    fn check(
        given: impl FnOnce(&mut Subscriptions, &mut Step),
        when: impl FnOnce(&mut Subscriptions, &mut Step),
        then: &[Output],
    ) {
        let (mut all, mut step) = (Subscriptions::new(vec![site("a"), site("b")]), Step::new(1_000_000, 7));
        given(&mut all, &mut step);
        step.take_news();
        when(&mut all, &mut step);
        let then: Vec<_> = then.iter().cloned().map(News::Out).collect();
        assert_eq!(step.take_news(), then);
    }

    fn on(topic: Topic) -> Output {
        Output::Subscribe(topic)
    }

    fn off(topic: Topic) -> Output {
        Output::Unsubscribe(topic)
    }

    #[test]
    fn a_relay_is_subscribed_to_presence_and_settings_from_its_start() {
        check(|_, _| {}, |all, step| all.started(step), &[on(Topic::Presence), on(Topic::Settings)]);
    }

    #[test]
    fn a_conversation_is_subscribed_once_and_left_once() {
        let followed = |all: &mut Subscriptions, step: &mut Step| all.set_conversation(ONE, true, step);
        let left = |all: &mut Subscriptions, step: &mut Step| all.set_conversation(ONE, false, step);
        check(|_, _| {}, followed, &[on(Topic::Conversation(ONE))]);
        check(followed, followed, &[]);
        check(followed, left, &[off(Topic::Conversation(ONE))]);
        check(|_, _| {}, left, &[]);
    }

    #[test]
    fn every_site_is_subscribed_while_an_agent_is_connected() {
        let (a, b, c) = (Topic::Staff(site("a")), Topic::Staff(site("b")), Topic::Staff(site("c")));
        let come = |all: &mut Subscriptions, step: &mut Step| all.set_staffed(true, step);
        let go = |all: &mut Subscriptions, step: &mut Step| all.set_staffed(false, step);
        let moved = |all: &mut Subscriptions, step: &mut Step| all.set_sites(vec![site("b"), site("c")], step);
        check(|_, _| {}, come, &[on(a.clone()), on(b.clone())]);
        check(come, come, &[]);
        check(come, go, &[off(a.clone()), off(b.clone())]);
        check(come, moved, &[off(a), on(c.clone())]);
        check(|_, _| {}, moved, &[]);
        check(moved, come, &[on(b), on(c)]);
    }
}

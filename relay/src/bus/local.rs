//! The bus inside one process: a relay that is alone, or several that share it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use relay_core::Topic;
use relay_core::input::RelayId;

use super::queue::{BusSender, queue};
use super::{Bus, BusError, BusMessage, BusReceiver, Echo, TOPICS_MAX};

/// Connects the relays of one process. Clones are the same hub.
#[derive(Clone, Debug, Default)]
pub struct LocalHub(Arc<Mutex<Vec<Member>>>);

/// One relay on a hub.
#[derive(Debug)]
struct Member {
    relay: RelayId,
    topics: HashSet<Topic>,
    sender: BusSender,
}

/// One relay's membership of a hub; dropping it leaves the hub.
#[derive(Debug)]
pub struct LocalBus {
    hub: LocalHub,
    relay: RelayId,
}

impl LocalHub {
    /// A relay joins: its bus, and the receiver for its core. It is subscribed to nothing.
    #[must_use]
    pub fn join(&self, relay: RelayId) -> (LocalBus, BusReceiver) {
        let (sender, messages) = queue();
        self.members().push(Member { relay, topics: HashSet::new(), sender });
        (LocalBus { hub: self.clone(), relay }, messages)
    }

    /// A panic elsewhere leaves the members valid, so a poisoned lock is used all the same.
    fn members(&self) -> MutexGuard<'_, Vec<Member>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LocalBus {
    /// The bus of a relay that is alone.
    #[must_use]
    pub fn alone(relay: RelayId) -> (Self, BusReceiver) {
        LocalHub::default().join(relay)
    }
}

impl Bus for LocalBus {
    fn relay(&self) -> RelayId {
        self.relay
    }

    fn publish(&self, message: BusMessage) -> Result<(), BusError> {
        let members = self.hub.members();
        let is_own = |member: &&Member| member.relay == self.relay;
        // A relay that is alone pays for no topic.
        if members.len() > 1 {
            let topics = message.topics();
            for other in members.iter().filter(|member| !is_own(member)) {
                if topics.iter().any(|topic| other.topics.contains(topic)) {
                    other.sender.send_foreign(message.clone());
                }
            }
        }
        let own = members.iter().find(is_own).filter(|own| !own.sender.has_ended()).ok_or(BusError::Ended)?;
        match message.echo() {
            Echo::Always => own.sender.send_own(message),
            Echo::Never => Ok(()),
        }
    }

    fn subscribe(&self, topic: Topic) -> Result<(), BusError> {
        let mut members = self.hub.members();
        let own = members.iter_mut().find(|member| member.relay == self.relay).ok_or(BusError::Ended)?;
        if own.topics.len() >= TOPICS_MAX && !own.topics.contains(&topic) {
            return Err(BusError::Full);
        }
        own.topics.insert(topic);
        Ok(())
    }

    fn unsubscribe(&self, topic: &Topic) {
        if let Some(own) = self.hub.members().iter_mut().find(|member| member.relay == self.relay) {
            own.topics.remove(topic);
        }
    }
}

impl Drop for LocalBus {
    fn drop(&mut self) {
        self.hub.members().retain(|member| member.relay != self.relay);
    }
}

#[cfg(test)]
mod tests {
    use wire::ConversationId;

    use super::*;

    #[test]
    fn topics_are_bounded() {
        let (bus, _messages) = LocalBus::alone(RelayId(1));
        let it = |number: usize| Topic::Conversation(ConversationId(number as u128));
        assert!((0..TOPICS_MAX).all(|number| bus.subscribe(it(number)).is_ok()));
        assert_eq!(bus.subscribe(it(TOPICS_MAX)), Err(BusError::Full));
        assert_eq!(bus.subscribe(it(0)), Ok(()), "it is subscribed already");
        bus.unsubscribe(&it(0));
        assert_eq!(bus.subscribe(it(TOPICS_MAX)), Ok(()));
    }
}

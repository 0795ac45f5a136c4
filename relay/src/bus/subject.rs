//! The names of topics on a bus whose subjects are texts, as in NATS. They must not change: relays of two versions share them.

use relay_core::Topic;

/// No subject is longer. Each part between dots is of `a-z`, `0-9` and `-`; none names a person.
pub const SUBJECT_BYTES_MAX: usize = 64;

/// The subject of a topic, another one for each:
///
/// | topic | subject |
/// |---|---|
/// | conversation | `causeway.conversation.` and its id |
/// | a site's staff | `causeway.staff.` and the site's id |
/// | presence | `causeway.presence` |
/// | settings | `causeway.settings` |
#[must_use]
pub fn subject(topic: &Topic) -> String {
    match topic {
        Topic::Conversation(id) => format!("causeway.conversation.{id}"),
        Topic::Staff(site) => format!("causeway.staff.{site}"),
        Topic::Presence => "causeway.presence".to_owned(),
        Topic::Settings => "causeway.settings".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use wire::{ConversationId, SiteId};

    use super::*;

    fn staff(site: &str) -> Topic {
        Topic::Staff(site.parse().expect("a site id"))
    }

    #[test]
    fn subjects_are_what_they_always_were() {
        for (topic, name) in [
            (Topic::Conversation(ConversationId(0x1f)), "causeway.conversation.00000000-0000-0000-0000-00000000001f"),
            (staff("exchange-eu"), "causeway.staff.exchange-eu"),
            (Topic::Presence, "causeway.presence"),
            (Topic::Settings, "causeway.settings"),
        ] {
            assert_eq!(subject(&topic), name);
        }
    }

    #[test]
    fn each_topic_has_a_subject_of_its_own_within_the_bound() {
        let longest: SiteId = "z".repeat(40).parse().expect("the longest site id");
        let mut topics = vec![Topic::Presence, Topic::Settings, Topic::Staff(longest)];
        topics.extend((0..128).map(|bit| Topic::Conversation(ConversationId(1 << bit))));
        topics.extend([0, u128::MAX].map(|id| Topic::Conversation(ConversationId(id))));
        // Sites whose names look like other topics.
        topics.extend(["presence", "settings", "staff", "conversation", "a", "a-", "-a", "0"].map(staff));
        let names: BTreeSet<String> = topics.iter().map(subject).collect();
        assert_eq!(names.len(), topics.len());
        for name in names {
            assert!(name.len() <= SUBJECT_BYTES_MAX, "{name}");
            let parts: Vec<_> = name.split('.').collect();
            let plain = |part: &&str| {
                !part.is_empty() && part.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            };
            assert!(parts.iter().all(plain) && parts[0] == "causeway" && parts.len() <= 3, "{name}");
        }
    }
}

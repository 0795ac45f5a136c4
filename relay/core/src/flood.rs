//! How fast conversations may be opened, and what changes while far too many are.

use std::collections::VecDeque;

use wire::{AgentId, ConversationId, Refusal, Role, Subject, Tag, VisitorId};

use crate::Core;
use crate::input::ConnectionId;
use crate::pace::Pace;
use crate::settings::Settings;

/// Openings are counted by the second, over a minute.
const SECONDS: u64 = 60;

/// Whether a flood is declared, and by whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Declared {
    /// None.
    #[default]
    No,
    /// The relay did: it ends by itself.
    ByItself,
    /// A supervisor did: it lasts until one says otherwise.
    ByHand,
    /// A supervisor has ended it: the relay declares none until the queue has been short again.
    Ended,
}

/// The rates of opening, and the flood.
#[derive(Debug)]
pub(crate) struct Openings {
    addresses: Pace<Tag>,
    networks: Pace<Tag>,
    /// Of visitors who were not known before, while a flood lasts: whether somebody of their network waits already. Apart, so that those who
    /// flood do not use up what is left for whoever else is new.
    unknown: Pace<bool>,
    /// The last minute: each second in which something was opened, and how many.
    seconds: VecDeque<(u64, u32)>,
    pub(crate) declared: Declared,
}

impl Openings {
    pub(crate) const fn new(settings: &Settings) -> Self {
        Self {
            addresses: Pace::new(settings.openings_of_address),
            networks: Pace::new(settings.openings_of_network),
            unknown: Pace::new(settings.openings_in_flood),
            seconds: VecDeque::new(),
            declared: Declared::No,
        }
    }

    /// Whether a flood lasts.
    pub(crate) const fn flood(&self) -> bool {
        matches!(self.declared, Declared::ByItself | Declared::ByHand)
    }

    fn count(&mut self, now_ms: u64) {
        let second = now_ms / 1_000;
        match self.seconds.back_mut() {
            Some((last, count)) if *last == second => *count += 1,
            _ => self.seconds.push_back((second, 1)),
        }
        self.forget(now_ms);
    }

    fn forget(&mut self, now_ms: u64) {
        while self.seconds.front().is_some_and(|(second, _)| second + SECONDS < now_ms / 1_000) {
            self.seconds.pop_front();
        }
    }

    fn in_a_minute(&mut self, now_ms: u64) -> u32 {
        self.forget(now_ms);
        self.seconds.iter().map(|(_, count)| count).sum()
    }
}

impl Core {
    /// Whether a visitor may have a conversation queued now; counted when so. A retry of one that is on its way is not asked for.
    pub(crate) fn may_open(&mut self, visitor: VisitorId) -> Result<(), Refusal> {
        let now_ms = self.now_ms;
        let source = self.source_of(visitor);
        let known = self.visitors.get(&visitor).is_some_and(|known| known.known);
        let slowed = (self.openings.flood() && !known).then(|| self.queue.has_network(source.network));
        let openings = &mut self.openings;
        let of_address = source.address.map_or(0, |tag| openings.addresses.wait_ms(now_ms, tag));
        let of_network = source.network.map_or(0, |tag| openings.networks.wait_ms(now_ms, tag));
        let of_unknown = slowed.map_or(0, |waits| openings.unknown.wait_ms(now_ms, waits));
        let retry_after_ms = of_address.max(of_network).max(of_unknown);
        if retry_after_ms > 0 {
            return Err(Refusal::RateLimited { retry_after_ms });
        }
        if let Some(tag) = source.address {
            openings.addresses.take(now_ms, tag);
        }
        if let Some(tag) = source.network {
            openings.networks.take(now_ms, tag);
        }
        if let Some(waits) = slowed {
            openings.unknown.take(now_ms, waits);
        }
        openings.count(now_ms);
        Ok(())
    }

    /// Declares a flood, or its end, by what waits and what comes.
    pub(crate) fn look_for_flood(&mut self) {
        let now_ms = self.now_ms;
        let waiting = u32::try_from(self.queue.len()).unwrap_or(u32::MAX);
        // With none at all there would be a flood without anybody, for ever.
        let (most, per_minute) = (self.settings.flood_waiting.max(1), self.settings.flood_openings_per_minute.max(1));
        if self.openings.declared == Declared::No && waiting < most {
            return;
        }
        let opened = self.openings.in_a_minute(now_ms);
        self.openings.declared = match self.openings.declared {
            Declared::No if waiting >= most && opened >= per_minute => Declared::ByItself,
            // Half of both, so that it does not come and go.
            Declared::ByItself if waiting < most.div_ceil(2) && opened < per_minute.div_ceil(2) => Declared::No,
            Declared::Ended if waiting < most => Declared::No,
            declared @ (Declared::No | Declared::ByItself | Declared::ByHand | Declared::Ended) => declared,
        };
        self.queue.set_flood(self.openings.flood());
    }

    /// A supervisor declares a flood, or its end.
    pub(crate) fn flood_asked(&mut self, connection: ConnectionId, agent: AgentId, on: bool) {
        if self.role_of(agent) < Role::Supervisor {
            return self.refuse(connection, Subject::Connection, Refusal::NotAllowed);
        }
        self.openings.declared = if on { Declared::ByHand } else { Declared::Ended };
        self.queue.set_flood(on);
        self.assign_due = true;
    }

    /// What an agent may do; those who were removed are none.
    pub(crate) fn role_of(&self, agent: AgentId) -> Role {
        self.agents.get(&agent).map_or(Role::Agent, |known| known.settings.role)
    }

    /// Whether a conversation's visitor is there.
    pub(crate) fn presence_of(&self, id: ConversationId) -> Option<wire::VisitorPresence> {
        let live = self.conversations.get(&id).filter(|live| !live.conversation.closed())?;
        let known = self.visitors.get(&live.conversation.visitor)?;
        let gone = known.gone_ms.filter(|at_ms| at_ms.saturating_add(crate::attend::GONE_AFTER_MS) <= self.now_ms);
        Some(match gone {
            Some(_) => wire::VisitorPresence::Gone { since_ms: known.gone_since_ms },
            None => wire::VisitorPresence::Here,
        })
    }
}

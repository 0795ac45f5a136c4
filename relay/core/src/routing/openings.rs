//! How fast conversations may be opened, also during a flood.

use std::collections::VecDeque;

use wire::{Refusal, Tag};

use super::keyed_rate::KeyedRate;
use crate::input::Source;
use crate::settings::Settings;

/// Openings are counted by the second, over a minute.
const SECONDS: u64 = 60;

/// Whether a flood is declared, and by whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Declared {
    /// None.
    #[default]
    No,
    /// The relay did: it ends by itself.
    ByItself,
    /// A supervisor did: it lasts until a supervisor ends it.
    ByHand,
    /// A supervisor has ended it: the relay declares none until the queue has been short again.
    Ended,
}

/// The rates of opening, and the flood.
#[derive(Debug)]
pub(super) struct Openings {
    addresses: KeyedRate<Tag>,
    networks: KeyedRate<Tag>,
    /// For visitors who were not known before, while a flood lasts; keyed by whether somebody of their network waits already. So those who
    /// flood do not use up the rate of other new visitors.
    unknown: KeyedRate<bool>,
    /// The last minute: each second in which something was opened, and how many.
    seconds: VecDeque<(u64, u32)>,
    declared: Declared,
    /// A flood is declared when this many wait …
    waiting_min: u32,
    /// … and this many were opened within a minute.
    per_minute_min: u32,
}

impl Openings {
    pub(super) const fn new(settings: &Settings) -> Self {
        Self {
            addresses: KeyedRate::new(settings.openings_of_address),
            networks: KeyedRate::new(settings.openings_of_network),
            unknown: KeyedRate::new(settings.openings_in_flood),
            seconds: VecDeque::new(),
            declared: Declared::No,
            // With 0 there would always be a flood, even with nobody there.
            waiting_min: if settings.flood_waiting == 0 { 1 } else { settings.flood_waiting },
            per_minute_min: if settings.flood_openings_per_minute == 0 {
                1
            } else {
                settings.flood_openings_per_minute
            },
        }
    }

    /// Whether a flood lasts.
    pub(super) const fn flood(&self) -> bool {
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

    /// Whether a visitor may have a conversation queued now; if so, it is counted. `waits` says whether somebody of their network is queued.
    pub(super) fn admit(&mut self, source: Source, known: bool, waits: bool, now_ms: u64) -> Result<(), Refusal> {
        let slowed = (self.flood() && !known).then_some(waits);
        let of_address = source.address.map_or(0, |tag| self.addresses.wait_ms(now_ms, tag));
        let of_network = source.network.map_or(0, |tag| self.networks.wait_ms(now_ms, tag));
        let of_unknown = slowed.map_or(0, |waits| self.unknown.wait_ms(now_ms, waits));
        let retry_after_ms = of_address.max(of_network).max(of_unknown);
        if retry_after_ms > 0 {
            return Err(Refusal::RateLimited { retry_after_ms });
        }
        if let Some(tag) = source.address {
            self.addresses.take(now_ms, tag);
        }
        if let Some(tag) = source.network {
            self.networks.take(now_ms, tag);
        }
        if let Some(waits) = slowed {
            self.unknown.take(now_ms, waits);
        }
        self.count(now_ms);
        Ok(())
    }

    /// Declares a flood, or its end, by how many wait and how many were opened.
    pub(super) fn look(&mut self, waiting: usize, now_ms: u64) {
        let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
        if self.declared == Declared::No && waiting < self.waiting_min {
            return;
        }
        let opened = self.in_a_minute(now_ms);
        let (most, per_minute) = (self.waiting_min, self.per_minute_min);
        self.declared = match self.declared {
            Declared::No if waiting >= most && opened >= per_minute => Declared::ByItself,
            // Half of both, so that it does not start and end again and again.
            Declared::ByItself if waiting < most.div_ceil(2) && opened < per_minute.div_ceil(2) => Declared::No,
            Declared::Ended if waiting < most => Declared::No,
            declared @ (Declared::No | Declared::ByItself | Declared::ByHand | Declared::Ended) => declared,
        };
    }

    /// A supervisor declares a flood, or its end.
    pub(super) const fn declare(&mut self, on: bool) {
        self.declared = if on { Declared::ByHand } else { Declared::Ended };
    }
}

//! The time of a session. The browser's clock may be wrong and may jump; a session's own time never goes backwards.

/// The clock of a session. All its waits are counted in *session time*: the browser's clock plus a shift.
///
/// When the browser's clock jumps back, the shift grows by the jump, so that session time goes on from where it was. When it jumps forward,
/// session time jumps too, and waits end early.
#[derive(Debug)]
pub(crate) struct Clock {
    /// The browser's clock at the last call.
    wall_ms: u64,
    /// What is added to it to get session time.
    shift_ms: u64,
    /// Session time at the last call.
    now_ms: u64,
    /// The relay's clock minus the browser's, as of the last welcome.
    relay_ahead_ms: i64,
}

impl Clock {
    pub(crate) const fn new(now_ms: u64) -> Self {
        Self { wall_ms: now_ms, shift_ms: 0, now_ms, relay_ahead_ms: 0 }
    }

    /// Takes the browser's time.
    pub(crate) const fn tick(&mut self, wall_ms: u64) {
        self.wall_ms = wall_ms;
        let now_ms = wall_ms.saturating_add(self.shift_ms);
        if now_ms < self.now_ms {
            self.shift_ms = self.now_ms - wall_ms;
        } else {
            self.now_ms = now_ms;
        }
    }

    /// Session time now.
    pub(crate) const fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// The browser's own time, for what is shown.
    pub(crate) const fn wall_ms(&self) -> u64 {
        self.wall_ms
    }

    /// A session time as the browser's clock has it.
    pub(crate) const fn browser_ms(&self, session_ms: u64) -> u64 {
        session_ms.saturating_sub(self.shift_ms)
    }

    /// Takes the relay's time now.
    pub(crate) const fn set_relay(&mut self, relay_ms: u64) {
        self.relay_ahead_ms = relay_ms.cast_signed().wrapping_sub(self.wall_ms.cast_signed());
    }

    /// The relay's clock minus the browser's, as of the last welcome.
    pub(crate) const fn relay_ahead_ms(&self) -> i64 {
        self.relay_ahead_ms
    }

    /// The relay's time at a time of the browser's clock.
    pub(crate) const fn relay_ms(&self, wall_ms: u64) -> u64 {
        wall_ms.saturating_add_signed(self.relay_ahead_ms)
    }
}

/// Finds the earliest of several times that are still to come. Times that have passed are left out: the session did then what it could, the
/// rest waits for something else to happen, and must not wake the shell again and again.
pub(crate) struct Earliest {
    now_ms: u64,
    at_ms: Option<u64>,
}

impl Earliest {
    pub(crate) const fn after(now_ms: u64) -> Self {
        Self { now_ms, at_ms: None }
    }

    pub(crate) fn add(&mut self, at_ms: u64) {
        if at_ms > self.now_ms && self.at_ms.is_none_or(|earliest_ms| at_ms < earliest_ms) {
            self.at_ms = Some(at_ms);
        }
    }

    pub(crate) const fn get(&self) -> Option<u64> {
        self.at_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_back_stops_nothing_and_a_jump_forward_counts() {
        let mut clock = Clock::new(1_000_000);
        clock.tick(1_000_500);
        assert_eq!(clock.now_ms(), 1_000_500);
        clock.tick(400);
        assert_eq!((clock.now_ms(), clock.wall_ms()), (1_000_500, 400));
        clock.tick(900);
        assert_eq!(clock.now_ms(), 1_001_000);
        assert_eq!(clock.browser_ms(1_001_100), 1_000);
        clock.tick(5_000_000);
        assert!(clock.now_ms() > 5_000_000);
        clock.tick(u64::MAX);
        assert_eq!(clock.now_ms(), u64::MAX);
    }

    #[test]
    fn the_relays_clock_may_be_far_from_ours() {
        let mut clock = Clock::new(5_000);
        clock.set_relay(1_700_000_000_000);
        assert_eq!(clock.relay_ms(6_000), 1_700_000_001_000);
        clock.tick(8_000_000_000_000);
        clock.set_relay(7);
        assert_eq!(clock.relay_ms(8_000_000_000_001), 8);
        assert_eq!(clock.relay_ms(0), 0);
    }

    #[test]
    fn what_is_due_does_not_wake_again() {
        let mut earliest = Earliest::after(10);
        earliest.add(10);
        assert_eq!(earliest.get(), None);
        earliest.add(30);
        earliest.add(20);
        assert_eq!(earliest.get(), Some(20));
    }
}

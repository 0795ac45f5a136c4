//! The relay's clock made safe: an administrator or a time service may set it, but inside the core time never goes backwards.

/// The clock of a core. All waits are counted in the core's own time. It does not go back when the machine's clock is set back, but goes on from
/// where it was. So a jump back delays nothing, and a jump forward ends waits early.
#[derive(Debug)]
pub(crate) struct Clock {
    /// The machine's clock at the last call.
    wall_ms: u64,
    /// What is added to it to get the core's time.
    shift_ms: u64,
    /// The core's time at the last call.
    now_ms: u64,
}

impl Clock {
    pub(crate) const fn new(now_ms: u64) -> Self {
        Self { wall_ms: now_ms, shift_ms: 0, now_ms }
    }

    /// Takes the machine's time and gives the core's time.
    pub(crate) const fn tick(&mut self, wall_ms: u64) -> u64 {
        self.wall_ms = wall_ms;
        let now_ms = wall_ms.saturating_add(self.shift_ms);
        if now_ms < self.now_ms {
            self.shift_ms = self.now_ms - wall_ms;
        } else {
            self.now_ms = now_ms;
        }
        self.now_ms
    }

    /// The machine's own time, for what is sent to others.
    pub(crate) const fn wall_ms(&self) -> u64 {
        self.wall_ms
    }

    /// A time of the core as the machine's clock counts it.
    pub(crate) const fn outside_ms(&self, inside_ms: u64) -> u64 {
        inside_ms.saturating_sub(self.shift_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_back_delays_nothing_and_a_jump_forward_counts() {
        let mut clock = Clock::new(1_000_000);
        assert_eq!(clock.tick(1_000_500), 1_000_500);
        assert_eq!(clock.tick(400), 1_000_500);
        assert_eq!(clock.wall_ms(), 400);
        assert_eq!(clock.tick(900), 1_001_000);
        assert_eq!(clock.outside_ms(1_001_100), 1_000);
        assert!(clock.tick(5_000_000) > 5_000_000);
        assert_eq!(clock.tick(u64::MAX), u64::MAX);
    }
}

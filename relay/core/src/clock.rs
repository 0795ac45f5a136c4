//! The relay's clock made safe: an administrator or a time service may set it, but inside the core time never goes backwards.

/// The clock of a core. Inside, all waits are counted in a time that stands still while the machine's clock is behind what it was;
/// so a jump back delays nothing that waits, and a jump forward ends waits early.
#[derive(Debug)]
pub(crate) struct Clock {
    /// The machine's clock at the last call.
    wall_ms: u64,
    /// What is added to it inside.
    shift_ms: u64,
    /// Inside time at the last call.
    now_ms: u64,
}

impl Clock {
    pub(crate) const fn new(now_ms: u64) -> Self {
        Self { wall_ms: now_ms, shift_ms: 0, now_ms }
    }

    /// Takes the machine's time and gives inside time: after a jump back, it goes on from where it was.
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

    /// The machine's own time, for what is told to others.
    pub(crate) const fn wall_ms(&self) -> u64 {
        self.wall_ms
    }

    /// An inside time as the machine's clock counts.
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

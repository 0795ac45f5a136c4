//! How many frames one connection may send: a token bucket, counted in thousandths so that no fraction is lost.

use wire::limit::{FRAMES_BURST_MAX, FRAMES_PER_SECOND_MAX, FRAMES_REFUSED_MAX};

const FULL: u64 = FRAMES_BURST_MAX as u64 * FRAME;
const FRAME: u64 = 1_000;
/// Thousandths of a frame per millisecond are frames per second.
const GAIN_PER_MS: u64 = FRAMES_PER_SECOND_MAX as u64;

/// What is left of a connection's allowance.
#[derive(Debug)]
pub(super) struct Bucket {
    left: u64,
    at_ms: u64,
    refused: u32,
}

/// What becomes of one more frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It may pass.
    Pass,
    /// It is refused; after this long one would pass.
    Refuse {
        /// In milliseconds.
        retry_after_ms: u64,
    },
    /// Too many have been refused: the connection ends.
    Flood,
}

impl Bucket {
    /// A full one.
    pub(super) const fn new(now_ms: u64) -> Self {
        Self { left: FULL, at_ms: now_ms, refused: 0 }
    }

    /// Takes one frame out, if there is one.
    pub(super) fn take(&mut self, now_ms: u64) -> Verdict {
        let gained = now_ms.saturating_sub(self.at_ms).saturating_mul(GAIN_PER_MS);
        self.left = self.left.saturating_add(gained).min(FULL);
        // Also when the clock went back: the client must not wait until it catches up.
        self.at_ms = now_ms;
        if self.left == FULL {
            self.refused = 0;
        }
        if self.left >= FRAME {
            self.left -= FRAME;
            return Verdict::Pass;
        }
        self.refused += 1;
        if self.refused > FRAMES_REFUSED_MAX {
            return Verdict::Flood;
        }
        Verdict::Refuse { retry_after_ms: (FRAME - self.left).div_ceil(GAIN_PER_MS) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_then_the_rate_holds_then_it_is_a_flood() {
        let mut bucket = Bucket::new(0);
        for _ in 0..FRAMES_BURST_MAX {
            assert_eq!(bucket.take(0), Verdict::Pass);
        }
        assert_eq!(bucket.take(0), Verdict::Refuse { retry_after_ms: 50 });
        assert_eq!(bucket.take(50), Verdict::Pass);
        for _ in 1..FRAMES_REFUSED_MAX {
            assert!(matches!(bucket.take(50), Verdict::Refuse { .. }));
        }
        assert_eq!(bucket.take(50), Verdict::Flood);
    }

    #[test]
    fn a_rest_refills_it_and_forgives() {
        let mut bucket = Bucket::new(0);
        for _ in 0..FRAMES_BURST_MAX + 10 {
            bucket.take(0);
        }
        assert_eq!(bucket.take(u64::MAX), Verdict::Pass);
        assert_eq!(bucket.refused, 0);
        // A clock that goes back neither panics nor refills.
        assert_eq!(bucket.take(0), Verdict::Pass);
    }
}

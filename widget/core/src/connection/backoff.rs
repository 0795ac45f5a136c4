//! How long to wait before the next try.

use wire::Refusal;
use wire::limit::{RECONNECT_FIRST_MS, RECONNECT_MAX_MS};

/// The longest wait that a relay's `retry_after_ms` may ask for.
const RETRY_AFTER_MAX_MS: u64 = 120_000;

/// The wait before a reconnect. It doubles with each failed try up to a bound; its upper half is random, so that the visitors of a
/// restarted relay do not all come back at once.
pub(crate) const fn reconnect_ms(tries: u32, random: u64) -> u64 {
    // 500 ms doubled six times is above the bound already.
    let doubled = RECONNECT_FIRST_MS << (if tries < 6 { tries } else { 6 });
    let most = if doubled < RECONNECT_MAX_MS { doubled } else { RECONNECT_MAX_MS };
    most / 2 + random % (most / 2 + 1)
}

/// The wait before a refused request is tried again.
pub(crate) fn refused_ms(refusal: &Refusal, tries: u32, random: u64) -> u64 {
    let own = reconnect_ms(tries, random);
    if let Refusal::RateLimited { retry_after_ms } = refusal {
        own.max(*retry_after_ms).min(RETRY_AFTER_MAX_MS)
    } else {
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_are_never_nothing() {
        for (tries, least, most) in
            [(0, 250, 500), (1, 500, 1_000), (5, 8_000, 16_000), (6, 10_000, 20_000), (u32::MAX, 10_000, 20_000)]
        {
            assert_eq!(reconnect_ms(tries, 0), least);
            for random in [1, 77, u64::MAX / 3, u64::MAX] {
                assert!((least..=most).contains(&reconnect_ms(tries, random)), "{tries} {random}");
            }
        }
    }

    #[test]
    fn the_relays_own_wait_is_kept_within_reason() {
        assert_eq!(refused_ms(&Refusal::RateLimited { retry_after_ms: 9_000 }, 0, 0), 9_000);
        assert_eq!(refused_ms(&Refusal::RateLimited { retry_after_ms: 0 }, 0, 0), 250);
        assert_eq!(refused_ms(&Refusal::RateLimited { retry_after_ms: u64::MAX }, 0, 0), RETRY_AFTER_MAX_MS);
        assert_eq!(refused_ms(&Refusal::Busy, 1, 0), 500);
    }
}

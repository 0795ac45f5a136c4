//! How often the API may be asked, by address, and the headers that say so (draft-ietf-httpapi-ratelimit-headers).

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use wire::Refusal;

use super::error::ApiError;
use crate::address::Address;
use crate::app::Caller;
use crate::clock::now_ms;

/// By this path and those below it agents sign in.
const SIGN_IN: &str = "/api/v1/session";
/// As many requests as an address has in this time it may send at once.
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses that are counted apart; beyond this, new ones count as one.
const ADDRESSES_MAX: usize = 50_000;
/// Addresses that have not asked for a while are forgotten at most this often.
const FORGET_EVERY_MS: u64 = 1_000;

/// The counts. A key is none for all addresses beyond the bound.
pub(super) struct ApiRate {
    limiter: RateLimiter<Option<Address>, HashMapStateStore<Option<Address>>, DefaultClock, StateInformationMiddleware>,
    /// Requests of one address at once, and in each window.
    requests_max: NonZeroU32,
    forgot_at_ms: AtomicU64,
}

/// What is left to an address.
struct Left {
    requests: u32,
    /// Seconds until all of them are there again.
    reset_s: u64,
}

impl ApiRate {
    /// With nothing counted.
    pub(super) fn new(requests_max: u32) -> Self {
        let requests_max = NonZeroU32::new(requests_max).unwrap_or(NonZeroU32::MIN);
        let each = (WINDOW / requests_max.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(each).expect("some time for each").allow_burst(requests_max);
        let limiter = RateLimiter::hashmap(quota).with_middleware();
        Self { limiter, requests_max, forgot_at_ms: AtomicU64::new(0) }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// When there were too many: the milliseconds until the next.
    fn take(&self, address: Address, now_ms: u64) -> Result<Left, u64> {
        let mut full = self.limiter.len() >= ADDRESSES_MAX;
        if full && now_ms.saturating_sub(self.forgot_at_ms.load(Ordering::Relaxed)) >= FORGET_EVERY_MS {
            self.forgot_at_ms.store(now_ms, Ordering::Relaxed);
            self.limiter.retain_recent();
            full = self.limiter.len() >= ADDRESSES_MAX;
        }
        let key = if full { None } else { Some(address) };
        match self.limiter.check_key(&key) {
            Ok(state) => {
                let requests = state.remaining_burst_capacity();
                let used = u64::from(self.requests_max.get().saturating_sub(requests));
                let reset_s = (used * WINDOW.as_secs()).div_ceil(self.requests_max.get().into());
                Ok(Left { requests, reset_s })
            }
            Err(until) => {
                let wait = until.wait_time_from(DefaultClock::default().now());
                Err(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1))
            }
        }
    }

    /// Lets a request through, or answers that there were too many. Signing in has limits of its own, which a browser passes that is known to the
    /// account: whoever shares an address with somebody who asks without end can still sign in.
    pub(super) async fn limit(&self, Caller(address): Caller, request: Request, next: Next) -> Response {
        let rest = request.uri().path().strip_prefix(SIGN_IN);
        let signs_in = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let (mut response, left) = match self.take(address, now_ms()) {
            Ok(left) => (next.run(request).await, left),
            Err(retry_after_ms) => {
                let left = Left { requests: 0, reset_s: WINDOW.as_secs() };
                let refused = ApiError::from(Refusal::RateLimited { retry_after_ms });
                (if signs_in { next.run(request).await } else { refused.into_response() }, left)
            }
        };
        let policy = format!("\"address\";q={};w={}", self.requests_max, WINDOW.as_secs());
        let now = format!("\"address\";r={};t={}", left.requests, left.reset_s);
        for (name, text) in [("ratelimit-policy", policy), ("ratelimit", now)] {
            if let Ok(value) = HeaderValue::try_from(text) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(n: u32) -> Address {
        Address::new(std::net::Ipv4Addr::from(0x0a00_0000 + n).into())
    }

    #[test]
    fn each_address_has_its_own_count_and_their_number_is_bounded() {
        let rate = ApiRate::new(100);
        let left = rate.take(address(0), 0).expect("the first");
        assert_eq!((left.requests, left.reset_s), (99, 1));
        while rate.take(address(0), 0).is_ok() {}
        assert!(rate.take(address(0), 0).is_err_and(|wait_ms| (1..=60_000).contains(&wait_ms)));
        assert!(rate.take(address(1), 0).is_ok());
        for n in 2..u32::try_from(ADDRESSES_MAX).expect("small") + 100 {
            assert!(rate.take(address(n), 0).is_ok() || n > 50_000, "{n}");
        }
        assert!(rate.limiter.len() <= ADDRESSES_MAX + 1);
    }
}

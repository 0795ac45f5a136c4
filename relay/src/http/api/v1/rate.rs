//! How often the API may be asked, by address and by key, and the headers that say so (draft-ietf-httpapi-ratelimit-headers).

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use wire::{AgentId, Refusal, ServiceKeyId};

use super::error::ApiError;
use crate::address::Address;
use crate::app::Caller;
use crate::clock::now_ms;
use crate::config::Limits;

/// By this path and those below it agents sign in.
const SIGN_IN: &str = "/api/v1/session";
/// As many requests as an address has in this time it may send at once.
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses, or keys, that are counted apart; beyond this, new ones count as one.
const ASKERS_MAX: usize = 50_000;
/// Those that have not asked for a while are forgotten at most this often.
const FORGET_EVERY_MS: u64 = 1_000;

/// The counts of all askers of one sort. An asker is none for all beyond the bound.
struct Rate<A: Clone + Hash + Eq> {
    limiter: RateLimiter<Option<A>, HashMapStateStore<Option<A>>, DefaultClock, StateInformationMiddleware>,
    /// Requests of one asker at once, and in each window.
    requests_max: NonZeroU32,
    forgot_at_ms: AtomicU64,
}

/// What is left to an asker.
#[derive(Clone, Copy)]
struct Left {
    requests: u32,
    /// Seconds until all of them are there again.
    reset_s: u64,
}

impl<A: Clone + Hash + Eq> Rate<A> {
    /// With nothing counted.
    fn new(requests_max: u32) -> Self {
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
    fn take(&self, asker: A, now_ms: u64) -> Result<Left, u64> {
        let mut full = self.limiter.len() >= ASKERS_MAX;
        if full && now_ms.saturating_sub(self.forgot_at_ms.load(Ordering::Relaxed)) >= FORGET_EVERY_MS {
            self.forgot_at_ms.store(now_ms, Ordering::Relaxed);
            self.limiter.retain_recent();
            full = self.limiter.len() >= ASKERS_MAX;
        }
        let key = if full { None } else { Some(asker) };
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

    /// What the headers say of it: the policy, and what is left.
    fn words(&self, name: &str, left: Left) -> (String, String) {
        let policy = format!("\"{name}\";q={};w={}", self.requests_max, WINDOW.as_secs());
        (policy, format!("\"{name}\";r={};t={}", left.requests, left.reset_s))
    }
}

/// Nothing is left.
const NOTHING: Left = Left { requests: 0, reset_s: WINDOW.as_secs() };

/// The counts by address, and by key.
pub(super) struct ApiRates {
    addresses: Rate<Address>,
    keys: Rate<ServiceKeyId>,
    /// Of agents, only while their address has none left.
    agents: Rate<AgentId>,
}

/// Goes with a request, so that its key is counted once it is known to be valid: keys that do not exist are counted by their address alone.
#[derive(Clone)]
pub(super) struct OfKey {
    rates: Arc<ApiRates>,
    left: Arc<OnceLock<Left>>,
}

impl OfKey {
    /// Counts a request with this key.
    ///
    /// # Errors
    /// `RateLimited`.
    pub(super) fn take(&self, key: ServiceKeyId) -> Result<(), ApiError> {
        // Asked twice who it is, a request counts once.
        if self.left.get().is_some_and(|left| left.requests > 0) {
            return Ok(());
        }
        let taken = self.rates.keys.take(key, now_ms());
        let _ = self.left.set(*taken.as_ref().unwrap_or(&NOTHING));
        taken.map(drop).map_err(|retry_after_ms| Refusal::RateLimited { retry_after_ms }.into())
    }
}

impl ApiRates {
    /// With nothing counted.
    pub(super) fn new(limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            addresses: Rate::new(limits.api_requests_per_address_per_minute_max),
            keys: Rate::new(limits.api_requests_per_key_per_minute_max),
            agents: Rate::new(limits.api_requests_per_address_per_minute_max),
        })
    }

    /// Lets a request through, or answers that there were too many. Signing in has limits of its own, which a browser passes that is known to the
    /// account: whoever shares an address with somebody who asks without end can still sign in.
    /// So is whoever was signed in lately: what strangers ask from the same address is not theirs.
    pub(super) async fn limit(
        self: Arc<Self>,
        (Caller(address), agent): (Caller, Option<AgentId>),
        mut request: Request,
        next: Next,
    ) -> Response {
        let rest = request.uri().path().strip_prefix(SIGN_IN);
        let signs_in = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let of_key = OfKey { rates: Arc::clone(&self), left: Arc::new(OnceLock::new()) };
        request.extensions_mut().insert(of_key.clone());
        let (mut response, left) = match self.addresses.take(address, now_ms()) {
            Ok(left) => (next.run(request).await, left),
            Err(_) if signs_in => (next.run(request).await, NOTHING),
            Err(_) if agent.is_some_and(|agent| self.agents.take(agent, now_ms()).is_ok()) => {
                (next.run(request).await, NOTHING)
            }
            Err(retry_after_ms) => (ApiError::from(Refusal::RateLimited { retry_after_ms }).into_response(), NOTHING),
        };
        let (mut policy, mut now) = self.addresses.words("address", left);
        if let Some(left) = of_key.left.get() {
            let (of_key, left) = self.keys.words("key", *left);
            (policy, now) = (format!("{policy}, {of_key}"), format!("{now}, {left}"));
        }
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
        let rate = Rate::new(100);
        let left = rate.take(address(0), 0).expect("the first");
        assert_eq!((left.requests, left.reset_s), (99, 1));
        while rate.take(address(0), 0).is_ok() {}
        assert!(rate.take(address(0), 0).is_err_and(|wait_ms| (1..=60_000).contains(&wait_ms)));
        assert!(rate.take(address(1), 0).is_ok());
        for n in 2..u32::try_from(ASKERS_MAX).expect("small") + 100 {
            assert!(rate.take(address(n), 0).is_ok() || n > 50_000, "{n}");
        }
        assert!(rate.limiter.len() <= ASKERS_MAX + 1);
    }
}

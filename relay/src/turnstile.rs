//! Lets visitors in a few at a time, so that agents, who pass beside it, get through when thousands come at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::limit::GREETING_PLACE_MS;

/// A door for many.
#[derive(Clone, Debug)]
pub struct Turnstile {
    places: Arc<Semaphore>,
    wait: Duration,
}

/// The right to be let in now; ends when dropped.
#[derive(Debug)]
pub struct Pass {
    _permit: OwnedSemaphorePermit,
}

impl Turnstile {
    /// So many at the same time; whoever comes later waits so long at most.
    #[must_use]
    pub fn new(places: usize, wait: Duration) -> Self {
        Self { places: Arc::new(Semaphore::new(places)), wait }
    }

    /// Waits for a place, in the order of coming. None when that took too long.
    pub async fn enter(&self) -> Option<Pass> {
        let place = tokio::time::timeout(self.wait, Arc::clone(&self.places).acquire_owned()).await;
        Some(Pass { _permit: place.ok()?.ok()? })
    }
}

impl Pass {
    /// Holds a place while a guest is greeted, as long as that may reasonably take: whoever is slow or silent must not hold up the next.
    pub async fn during<T>(place: Option<Self>, greeting: impl Future<Output = T>) -> T {
        let give_up = async {
            tokio::time::sleep(Duration::from_millis(GREETING_PLACE_MS)).await;
            drop(place);
            std::future::pending().await
        };
        tokio::select! {
            done = greeting => done,
            done = give_up => done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_is_free_again_when_dropped_and_a_wait_has_an_end() {
        let turnstile = Turnstile::new(1, Duration::from_millis(20));
        let first = turnstile.enter().await;
        assert!(first.is_some());
        assert!(turnstile.enter().await.is_none(), "the only place is taken");
        drop(first);
        assert!(turnstile.enter().await.is_some());
    }
}

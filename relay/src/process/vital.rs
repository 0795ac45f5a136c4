//! The parts that a relay cannot live without: when one ends, for whatever reason, the process ends too, and its supervisor starts it again. Nothing
//! lives on half.

use tokio::sync::watch;

/// The process ends with this code when one of its parts has ended by itself (EX_SOFTWARE of sysexits.h): start it again.
pub const EXIT_CODE: u8 = 70;

/// Reports and receives parts that have ended; clones share it.
#[derive(Clone, Debug)]
pub struct Vitals {
    ended: watch::Sender<Option<&'static str>>,
}

/// One part, held by its task or thread: dropped when that returns or panics.
#[derive(Debug)]
pub struct Part {
    name: &'static str,
    vitals: Vitals,
}

impl Default for Vitals {
    fn default() -> Self {
        Self { ended: watch::Sender::new(None) }
    }
}

impl Vitals {
    /// A part that is about to begin.
    #[must_use]
    pub fn part(&self, name: &'static str) -> Part {
        Part { name, vitals: self.clone() }
    }

    /// Waits for the first part that ends, and gives its name.
    pub async fn ended(&self) -> &'static str {
        let mut received = self.ended.subscribe();
        let name = received.wait_for(Option::is_some).await.ok().and_then(|name| *name);
        // The sender is `self`, so that it cannot be gone.
        name.unwrap_or("?")
    }
}

impl Part {
    /// Does its work as a task.
    pub async fn run(self, work: impl Future<Output = ()>) {
        #[cfg(debug_assertions)]
        if let Some(end) = doom::of(self.name) {
            tokio::select! {
                () = work => {}
                () = end.comes() => {}
            }
            return;
        }
        work.await;
    }

    /// Whether a test is going to end it.
    #[must_use]
    pub fn is_marked(&self) -> bool {
        #[cfg(debug_assertions)]
        return doom::of(self.name).is_some();
        #[cfg(not(debug_assertions))]
        false
    }

    /// Called by a thread now and then: in a debug build a test may end it here. Whether it is to return.
    #[must_use]
    pub fn is_doomed(&self) -> bool {
        #[cfg(debug_assertions)]
        if let Some(end) = doom::of(self.name) {
            return end.is_here();
        }
        false
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.vitals.ended.send_if_modified(|ended| {
            let first = ended.is_none();
            if first {
                *ended = Some(self.name);
            }
            first
        });
    }
}

/// How a test ends a part of a relay in another process: `RELAY_TEST_ENDS=part:how:file`, where `how` is `panic` or `return`, and it happens once there is a
/// file of that name. Not in a release.
#[cfg(debug_assertions)]
mod doom {
    use std::path::PathBuf;
    use std::time::Duration;

    pub(super) struct Doom {
        panics: bool,
        file: PathBuf,
    }

    pub(super) fn of(part: &str) -> Option<Doom> {
        let text = std::env::var("RELAY_TEST_ENDS").ok()?;
        let mut words = text.splitn(3, ':');
        if words.next()? != part {
            return None;
        }
        Some(Doom { panics: words.next()? == "panic", file: words.next()?.into() })
    }

    impl Doom {
        pub(super) async fn comes(&self) {
            while !self.is_here() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }

        pub(super) fn is_here(&self) -> bool {
            let here = self.file.exists();
            assert!(!(here && self.panics), "a test ends this part");
            here
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_of_a_part_is_reported_however_it_ends() {
        let vitals = Vitals::default();
        let waits = tokio::spawn({
            let part = vitals.part("waits");
            part.run(std::future::pending())
        });
        let returns = vitals.part("returns");
        std::thread::spawn(move || drop(returns)).join().expect("ended");
        assert_eq!(vitals.ended().await, "returns");
        waits.abort();

        let vitals = Vitals::default();
        let panics = vitals.part("panics");
        let thread = std::thread::spawn(move || {
            let _part = panics;
            panic!("as it may happen");
        });
        assert!(thread.join().is_err());
        assert_eq!(vitals.ended().await, "panics");

        let vitals = Vitals::default();
        let task = tokio::spawn(vitals.part("aborted").run(std::future::pending()));
        task.abort();
        assert_eq!(vitals.ended().await, "aborted");
    }
}

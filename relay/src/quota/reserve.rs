//! The reserve of free disk space, in three steps: uploads stop first, then new visitors, then visitors' texts. The rest is for sign-in, the
//! console and agents' answers.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::config;

/// How often free space is measured.
const EVERY: Duration = Duration::from_secs(1);
/// On a small disk a step is at most this part of it: a tenth, a twentieth, a fortieth.
const SHARES: [u64; 3] = [10, 20, 40];

/// What is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Nothing is refused.
    Free,
    /// No files.
    Uploads,
    /// No new visitors and conversations either.
    Visitors,
    /// No texts of visitors either.
    Texts,
}

impl Step {
    const fn of(number: u8) -> Self {
        match number {
            0 => Self::Free,
            1 => Self::Uploads,
            2 => Self::Visitors,
            _ => Self::Texts,
        }
    }

    /// What it means, for the log and the health page.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Free => "there is room on the disk",
            Self::Uploads => "the disk is nearly full: no files are taken",
            Self::Visitors => "the disk is nearly full: no files, new visitors and new conversations are taken",
            Self::Texts => "the disk is nearly full: nothing of visitors is taken",
        }
    }
}

/// The space of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes free for the relay.
    pub free: u64,
    /// Its size in bytes.
    pub total: u64,
}

/// Watches the free space of the file systems that the data lies in.
#[derive(Debug)]
pub struct Reserve {
    steps: [u64; 3],
    folders: Vec<PathBuf>,
    step: AtomicU8,
    free: AtomicU64,
}

impl Reserve {
    /// Over these folders; the fullest one counts.
    #[must_use]
    pub fn new(reserve: config::Reserve, folders: Vec<PathBuf>) -> Arc<Self> {
        let config::Reserve { uploads_bytes, visitors_bytes, texts_bytes } = reserve;
        let steps = [uploads_bytes, visitors_bytes, texts_bytes];
        Arc::new(Self { steps, folders, step: AtomicU8::new(0), free: AtomicU64::new(u64::MAX) })
    }

    /// The step now: one atomic load.
    #[must_use]
    pub fn step(&self) -> Step {
        Step::of(self.step.load(Ordering::Relaxed))
    }

    /// Bytes that were free at the last measurement.
    #[must_use]
    pub fn free_bytes(&self) -> u64 {
        self.free.load(Ordering::Relaxed)
    }

    /// Whether a file of this many bytes may be uploaded beside those under way. Measures again: many may have come since the last time.
    #[must_use]
    pub fn takes_file(&self, bytes: u64, coming_bytes: u64) -> bool {
        self.look(space);
        let wanted = bytes.saturating_add(coming_bytes);
        self.step() == Step::Free
            && self.folders.iter().all(|folder| {
                // When it cannot be measured, nothing is decided: the write itself may fail.
                space(folder)
                    .is_ok_and(|space| space.free.saturating_sub(wanted) >= bound(self.steps[0], SHARES[0], space))
            })
    }

    /// Measures and sets the step.
    pub fn look(&self, ask: impl Fn(&Path) -> io::Result<Space>) {
        let before = self.step();
        let mut step = Step::Free;
        let mut free = u64::MAX;
        for space in self.folders.iter().filter_map(|folder| ask(folder).ok()) {
            step = step.max(self.step_at(space, before));
            free = free.min(space.free);
        }
        self.free.store(free, Ordering::Relaxed);
        self.step.store(step as u8, Ordering::Relaxed);
        crate::numbers::disk(free, step as u8);
        if step != before {
            let free_bytes = free;
            match step {
                Step::Free => tracing::info!(free_bytes, "{}", step.words()),
                Step::Uploads | Step::Visitors | Step::Texts => tracing::error!(free_bytes, "{}", step.words()),
            }
        }
    }

    /// A step is left only when a sixteenth more than its bound is free, so that it does not change with every message.
    fn step_at(&self, space: Space, before: Step) -> Step {
        let mut step = 0;
        for (number, (bytes, share)) in (1_u8..).zip(self.steps.into_iter().zip(SHARES)) {
            let bound = bound(bytes, share, space);
            let more = if before as u8 >= number { bound / 16 } else { 0 };
            if space.free < bound + more {
                step = number;
            }
        }
        Step::of(step)
    }

    /// Measures regularly until the relay stops.
    pub async fn run(self: Arc<Self>, stopping: CancellationToken) {
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            let reserve = Arc::clone(&self);
            // A file system that hangs must not delay anything else.
            if tokio::task::spawn_blocking(move || reserve.look(space)).await.is_err() {
                return;
            }
        }
    }
}

fn bound(bytes: u64, share: u64, space: Space) -> u64 {
    bytes.min(space.total / share)
}

/// Measures the file system of a folder.
///
/// # Errors
/// When it cannot be asked.
pub fn space(folder: &Path) -> io::Result<Space> {
    let found = rustix::fs::statvfs(folder)?;
    let block = found.f_frsize;
    Ok(Space { free: found.f_bavail.saturating_mul(block), total: found.f_blocks.saturating_mul(block) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1024 * 1024 * 1024;

    fn reserve() -> Arc<Reserve> {
        let steps = crate::config::Config::parse("").expect("the example").reserve;
        Reserve::new(steps, vec!["/data".into(), "/files".into()])
    }

    #[test]
    fn uploads_stop_first_then_visitors_then_texts_and_all_come_back() {
        let reserve = reserve();
        let total = 100 * GIB;
        let at = |free: u64| {
            reserve.look(|_| Ok(Space { free, total }));
            reserve.step()
        };
        assert_eq!(at(50 * GIB), Step::Free);
        assert_eq!(at(2 * GIB), Step::Free);
        assert_eq!(at(2 * GIB - 1), Step::Uploads);
        assert_eq!(at(2 * GIB), Step::Uploads, "not for a few bytes");
        assert_eq!(at(GIB - 1), Step::Visitors);
        assert_eq!(at(GIB / 2 - 1), Step::Texts);
        assert_eq!(at(0), Step::Texts);
        assert_eq!(reserve.free_bytes(), 0);
        assert_eq!(at(GIB), Step::Visitors);
        assert_eq!(at(3 * GIB), Step::Free);
    }

    #[test]
    fn a_small_disk_keeps_a_part_back_and_the_fullest_one_counts() {
        let reserve = reserve();
        let mib = 1024 * 1024;
        reserve.look(|_| Ok(Space { free: 5 * mib, total: 48 * mib }));
        assert_eq!(reserve.step(), Step::Free);
        reserve.look(|_| Ok(Space { free: 4 * mib, total: 48 * mib }));
        assert_eq!(reserve.step(), Step::Uploads);
        let files_full = |folder: &Path| {
            let free = if folder.ends_with("files") { 0 } else { 40 * mib };
            Ok(Space { free, total: 48 * mib })
        };
        reserve.look(files_full);
        assert_eq!(reserve.step(), Step::Texts);
        reserve.look(|_| Err(io::Error::other("gone")));
        assert_eq!(reserve.step(), Step::Free, "a disk that cannot be asked tells by itself when it is written to");
    }

    #[test]
    fn this_machine_can_be_asked() {
        let space = space(Path::new("/")).expect("asked");
        assert!(space.total > 0 && space.free <= space.total);
    }
}

//! Assets of earlier builds: a chat that was loaded before an upgrade still asks for its own rooms, by names that hold their content's hash.

use std::fs::{self, File, FileTimes};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};
use wire::limit::{KEPT_ASSETS_BYTES_MAX, KEPT_ASSETS_MS};

use super::{Web, WebFile};
use crate::folder;

/// The folder's name, in the data folder.
pub const ASSETS_FOLDER: &str = "assets";
/// What a file is called while it is written.
const UNFINISHED: &str = ".part";

/// The folder in which the assets of this build and of earlier ones lie. A file's time says when a relay that had it in its build was last
/// running.
#[derive(Clone, Debug)]
pub struct KeptAssets {
    folder: PathBuf,
    bytes_max: u64,
}

impl KeptAssets {
    /// The folder of a data folder. Nothing is made before [`Self::keep`].
    #[must_use]
    pub fn new(data: &Path) -> Self {
        Self { folder: data.join(ASSETS_FOLDER), bytes_max: KEPT_ASSETS_BYTES_MAX }
    }

    /// Copies the assets of this build, if they are not there yet, and marks them as in use now. Removes what has not been in use for thirty days,
    /// and, beyond the bound in bytes, the oldest.
    ///
    /// # Errors
    /// When the folder cannot be read or written; nothing depends on it but chats that were loaded before an upgrade.
    pub fn keep(&self, web: &Web, now: SystemTime) -> io::Result<()> {
        folder::make(&self.folder)?;
        for name in web.assets() {
            let Some(file) = web.get(&format!("{ASSETS_FOLDER}/{name}")) else { continue };
            let path = self.folder.join(&name);
            if !fs::metadata(&path).is_ok_and(|kept| kept.len() == file.content.len() as u64) {
                let part = self.folder.join(name + UNFINISHED);
                fs::write(&part, &file.content)?;
                fs::rename(&part, &path)?;
            }
            // A folder that was copied may hold files that only their owner's group can write.
            File::options().append(true).open(&path)?.set_times(FileTimes::new().set_modified(now))?;
        }
        self.sweep(now)
    }

    fn sweep(&self, now: SystemTime) -> io::Result<()> {
        let old = now.checked_sub(Duration::from_millis(KEPT_ASSETS_MS)).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut kept = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let found = entry.metadata()?;
            kept.push((found.modified()?, found.len(), entry.path()));
        }
        // The youngest first: what is over the bound is older than what is not.
        kept.sort_by(|one, other| other.0.cmp(&one.0).then_with(|| one.2.cmp(&other.2)));
        let mut sum = 0;
        for (used_at, bytes, path) in kept {
            sum += bytes;
            if used_at < old || sum > self.bytes_max {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// The file of this name in `assets/`, if one was kept.
    pub(crate) fn get(&self, name: &str) -> Option<WebFile> {
        if name.contains('/') || name.starts_with('.') || name.ends_with(UNFINISHED) {
            return None;
        }
        let content = fs::read(self.folder.join(name)).ok()?;
        let hash = Sha256::digest(&content).into();
        Some(WebFile { content: content.into(), hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A build with these assets, each of its name's length.
    fn build(root: &Path, names: &[&str]) -> Web {
        let folder = root.join("web");
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(folder.join(ASSETS_FOLDER)).expect("made");
        for name in names {
            fs::write(folder.join(ASSETS_FOLDER).join(name), name).expect("written");
        }
        Web::Folder(folder)
    }

    fn names(kept: &KeptAssets) -> Vec<String> {
        let entries = fs::read_dir(&kept.folder).expect("read");
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("read").file_name().into_string().expect("text")).collect();
        names.sort();
        names
    }

    #[test]
    fn an_old_build_is_kept_for_thirty_days_after_its_last_use() {
        let root = tempfile::tempdir().expect("folder");
        let kept = KeptAssets::new(root.path());
        let day = |number: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(number * 86_400);
        kept.keep(&build(root.path(), &["a.1.js", "b.1.js"]), day(1)).expect("kept");
        // Still at work forty days later: the time counts from then.
        kept.keep(&build(root.path(), &["a.1.js", "b.1.js"]), day(41)).expect("kept");
        kept.keep(&build(root.path(), &["a.2.js", "b.1.js"]), day(50)).expect("kept");
        assert_eq!(names(&kept), ["a.1.js", "a.2.js", "b.1.js"]);
        assert_eq!(kept.get("a.1.js").expect("kept").content, b"a.1.js".as_slice());
        kept.keep(&build(root.path(), &["a.2.js"]), day(72)).expect("kept");
        assert_eq!(names(&kept), ["a.2.js", "b.1.js"]);
    }

    #[test]
    fn a_torn_copy_is_made_anew_and_what_is_too_much_goes_oldest_first() {
        let root = tempfile::tempdir().expect("folder");
        let kept = KeptAssets { bytes_max: 12, ..KeptAssets::new(root.path()) };
        let at = |second| SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        kept.keep(&build(root.path(), &["a.1.js"]), at(1)).expect("kept");
        fs::write(root.path().join("assets/a.1.js"), "a").expect("torn");
        kept.keep(&build(root.path(), &["a.1.js"]), at(2)).expect("kept");
        assert_eq!(kept.get("a.1.js").expect("kept").content.len(), 6);
        kept.keep(&build(root.path(), &["a.2.js"]), at(3)).expect("kept");
        kept.keep(&build(root.path(), &["a.3.js"]), at(4)).expect("kept");
        assert_eq!(names(&kept), ["a.2.js", "a.3.js"]);
    }

    #[test]
    fn nothing_outside_is_given() {
        let root = tempfile::tempdir().expect("folder");
        let kept = KeptAssets::new(root.path());
        kept.keep(&build(root.path(), &["a.1.js"]), SystemTime::now()).expect("kept");
        fs::write(root.path().join("causeway.db"), "x").expect("written");
        for bad in ["../causeway.db", "", ".", "..", "a.1.js.part", "/etc/passwd", "x/a.1.js"] {
            assert!(kept.get(bad).is_none(), "{bad}");
        }
    }
}

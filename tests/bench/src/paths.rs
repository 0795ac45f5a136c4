//! Where things lie: the relay's binary, the peers' files, what is kept of a measurement, and where servers write.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

/// Names the relay to measure; else the release build.
const RELAY: &str = "RELAY_BIN";
/// Names the folder under which servers keep their data, when the system's temporary folder is not on a disk.
const DATA: &str = "BENCH_DATA";

/// The root of the repository.
pub(crate) fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).expect("the package lies two folders deep in the workspace")
}

/// The configuration and programs of a peer that stand in the repository.
pub(crate) fn peer_file(name: &str) -> PathBuf {
    workspace().join("tests/bench/peers").join(name)
}

/// Everything that is kept, and what npm installs.
pub(crate) fn kept() -> PathBuf {
    workspace().join("target/bench")
}

/// The relay to measure.
pub(crate) fn relay_binary() -> Result<PathBuf> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
    let path = env::var_os(RELAY).map_or_else(|| target.join("release/relay"), PathBuf::from);
    ensure!(path.exists(), "there is no relay at {}: cargo build --release -p relay", path.display());
    Ok(path)
}

/// A fresh folder for one server's data, on a disk: on a file system in memory, syncing means nothing.
pub(crate) fn data_folder() -> Result<TempDir> {
    let base = env::var_os(DATA).map_or_else(env::temp_dir, PathBuf::from);
    let kind = file_system(&base);
    ensure!(
        !matches!(kind.as_deref(), Some("tmpfs" | "ramfs")),
        "{} lies in memory, where syncing means nothing: name a folder on a disk in {DATA}",
        base.display()
    );
    let folder = tempfile::Builder::new().prefix("causeway-bench-").tempdir_in(&base);
    let folder = folder.with_context(|| format!("cannot make a folder in {}", base.display()))?;
    // Servers that give up root must be able to enter.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(folder.path(), open)?;
    Ok(folder)
}

/// The kind of file system a folder lies on, as the kernel names it.
pub(crate) fn file_system(folder: &Path) -> Option<String> {
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    let folder = folder.canonicalize().ok()?;
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let under = fields.filter(|fields| fields.len() > 2 && folder.starts_with(fields[1]));
    under.max_by_key(|fields| fields[1].len()).map(|fields| fields[2].to_owned())
}

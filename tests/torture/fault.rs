//! Faults of disks: a small file system of its own, and system calls that fail because a tracer makes them.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use support::wait_until;
use tempfile::TempDir;

/// A file system in memory, of a fixed size, for a data folder; unmounted when dropped.
pub(crate) struct Disk {
    folder: TempDir,
}

impl Disk {
    /// None when this process may not mount.
    pub(crate) fn mount(megabytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let options = format!("size={megabytes}m,mode=700");
        run(Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path()))
            .then_some(Self { folder })
    }

    /// Where it is mounted.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes all the room that is left; given back by [`Self::clear`].
    pub(crate) fn fill(&self) {
        let mut file = File::options().create(true).append(true).open(self.filler()).expect("a file can be made");
        for bytes in [vec![0; 64 * 1024], vec![0; 4096], vec![0; 1]] {
            while file.write_all(&bytes).is_ok() {}
        }
    }

    /// Takes all room but so many bytes; given back by [`Self::clear`].
    pub(crate) fn leave(&self, bytes: u64) {
        self.fill();
        let file = File::options().write(true).open(self.filler()).expect("the filler is there");
        let long = file.metadata().expect("it has a length").len();
        file.set_len(long.saturating_sub(bytes)).expect("it can be cut");
    }

    /// There is room again.
    pub(crate) fn clear(&self) {
        fs::remove_file(self.filler()).expect("what was filled can be removed");
    }

    /// From now on nothing can be written, or everything again. Nothing may be open for writing there.
    pub(crate) fn set_read_only(&self, read_only: bool) {
        let options = if read_only { "remount,ro" } else { "remount,rw" };
        assert!(run(Command::new("mount").args(["-o", options]).arg(self.path())), "remounting failed: {options}");
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whatever still has a file open there ends with its test.
        run(Command::new("umount").arg("-l").arg(self.path()));
    }
}

/// A tracer that makes system calls of a running process fail with an error of the disk, until it is dropped.
pub(crate) struct Tracer {
    child: Child,
    _folder: TempDir,
}

impl Tracer {
    /// Whether there is a tracer here that may trace.
    pub(crate) fn works() -> bool {
        run(Command::new("strace").args(["-f", "-o", "/dev/null", "true"]))
    }

    /// Makes `calls` (a list with commas) of a process fail with `error` (`EIO` …).
    pub(crate) fn fail(process: u32, calls: &str, error: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let words = folder.path().join("words");
        let child = Command::new("strace")
            .args(["-f", "-o", "/dev/null", "-p", &process.to_string(), "-e"])
            .arg(format!("trace={calls}"))
            .args(["-e", &format!("inject={calls}:error={error}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&words).expect("a temporary folder can be filled"))
            .spawn()
            .expect("the tracer can be started");
        wait_until("the tracer is attached", || {
            fs::read_to_string(&words).ok().filter(|said| said.contains("attached")).map(drop)
        });
        Self { child, _folder: folder }
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        // SIGTERM lets it go of the process, which runs on; SIGKILL would do so too, but less orderly.
        run(Command::new("kill").arg(self.child.id().to_string()));
        self.child.wait().ok();
    }
}

/// Runs a command in silence; whether it went well.
pub(crate) fn run(command: &mut Command) -> bool {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

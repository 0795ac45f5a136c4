//! Where things lie: the workspace, the built relay, the built web assets, the screenshots.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs};

/// The root of the repository.
#[must_use]
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace")
}

/// The finished web build; `WEB_DIR` names another than the workspace's own.
#[must_use]
pub fn web_dir() -> PathBuf {
    env::var_os("WEB_DIR").map_or_else(|| workspace().join("target/web"), PathBuf::from)
}

/// Where pictures for people go.
#[must_use]
pub fn screenshots() -> PathBuf {
    let folder = workspace().join("target/screenshots");
    fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

/// The relay to test: `RELAY_BIN`, else the one beside this test binary, built now if it was forgotten.
pub(crate) fn relay_binary() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| {
        if let Some(named) = env::var_os("RELAY_BIN") {
            return PathBuf::from(named);
        }
        let own = env::current_exe().expect("a running program has a path");
        // <target>/<profile>/deps/<test>
        let profile = own.parent().and_then(Path::parent).expect("tests run from <target>/<profile>/deps");
        let binary = profile.join("relay");
        if !binary.exists() {
            build_relay(profile);
        }
        assert!(binary.exists(), "no relay at {}: run `cargo build -p relay`", binary.display());
        binary
    })
}

fn build_relay(profile: &Path) {
    let mut build = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.current_dir(workspace()).args(["build", "--package", "relay"]);
    build.env("CARGO_TARGET_DIR", profile.parent().expect("a profile lies in the target folder"));
    if profile.ends_with("release") {
        build.arg("--release");
    }
    let done = build.status().expect("cargo can be started");
    assert!(done.success(), "`cargo build -p relay` failed");
}

//! The demo exchange on a site of its own (`localhost`, while the relay is `127.0.0.1`), with its strict policy.

use std::fs;

use tempfile::TempDir;
use xtask::demo::{self, Demo};

use crate::paths::workspace;

/// A copy of `www/demo`, served; a test may change and add pages.
pub struct Site {
    folder: TempDir,
    demo: Demo,
}

impl Site {
    /// Serves the demo to browsers; its pages load the script tag from `relay`.
    #[must_use]
    pub fn start(relay: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        fs::create_dir(folder.path().join("odd")).expect("a temporary folder can be filled");
        for part in ["", "odd"] {
            let from = workspace().join("www/demo").join(part);
            for entry in fs::read_dir(from).expect("the demo is in the repository").flatten() {
                if entry.path().is_file() {
                    let to = folder.path().join(part).join(entry.file_name());
                    fs::copy(entry.path(), to).expect("a demo file can be copied");
                }
            }
        }
        let demo = demo::serve(folder.path(), "127.0.0.1:0", relay).expect("loopback has a free port");
        Self { folder, demo }
    }

    /// `http://localhost:<port>`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://localhost:{}", self.demo.address().port())
    }

    /// The address of a file of the demo.
    #[must_use]
    pub fn page(&self, name: &str) -> String {
        format!("{}/{name}", self.origin())
    }

    /// The text of a file of the demo, for a test to change and [`Self::put`] beside it.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).expect("the demo has this page")
    }

    /// Adds a file, under the same policy as every page, and gives its address.
    pub fn put(&self, name: &str, body: &str) -> String {
        fs::write(self.folder.path().join(name), body).expect("a temporary folder can be filled");
        self.page(name)
    }
}

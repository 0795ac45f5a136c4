//! Where the relay's key is.

use std::path::PathBuf;

use serde::Deserialize;

/// Where the relay's key is: one of these at most. None of them: the file `relay.key` in the data folder.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelayKeyPlace {
    /// A file.
    #[serde(default)]
    pub file: Option<PathBuf>,
    /// The name of an environment variable that holds the key.
    #[serde(default)]
    pub environment: Option<String>,
    /// A program with its arguments that prints the key; no shell is involved.
    #[serde(default)]
    pub command: Option<Vec<String>>,
}

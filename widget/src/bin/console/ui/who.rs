//! Who did something, as the relay's histories and its audit log say.

use serde::Deserialize;
use widget::key;

use crate::ui::words::t;

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Who {
    /// An agent, with the name of that time.
    Agent {
        /// Which.
        id: String,
        /// Its name.
        name: String,
    },
    /// A program, by its key.
    Key {
        /// Which.
        id: String,
        /// Its name.
        name: String,
    },
    /// Somebody at the command line of the relay's machine.
    CommandLine,
    /// The relay by itself.
    System,
    /// Somebody who had not signed in, or somebody of whom this page does not know.
    #[serde(other)]
    Nobody,
}

/// The name, or what stands for it.
pub(crate) fn words(who: &Who) -> String {
    match who {
        Who::Agent { name, .. } | Who::Key { name, .. } => name.clone(),
        Who::CommandLine => t(key!("console_who_command_line")),
        Who::System => t(key!("console_who_system")),
        Who::Nobody => t(key!("console_who_nobody")),
    }
}

impl Who {
    /// The word that filters of the audit log know it by.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Agent { id, .. } => ["agent/", id].concat(),
            Self::Key { id, .. } => ["key/", id].concat(),
            Self::CommandLine => "command_line".to_owned(),
            Self::System => "system".to_owned(),
            Self::Nobody => "nobody".to_owned(),
        }
    }
}

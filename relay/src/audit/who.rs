//! Who did something, and when.

use serde::{Deserialize, Serialize};
use wire::{AgentId, Author, Tag};

/// Who did something, with the name of that time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Who {
    /// An agent.
    Agent {
        /// Which agent.
        id: AgentId,
        /// Its name at that time.
        name: String,
    },
    /// A program, by its key of the API.
    Key {
        /// Which key.
        id: String,
        /// Its name at that time.
        name: String,
    },
    /// Somebody at the command line of the relay's machine.
    CommandLine,
    /// The relay by itself.
    System,
    /// Somebody who has not signed in.
    Nobody,
}

impl From<Author> for Who {
    /// The author of an event. Visitors have no account.
    fn from(author: Author) -> Self {
        match author {
            Author::Agent { id, name } => Self::Agent { id, name },
            Author::Service { id, name } => Self::Key { id: id.to_string(), name },
            Author::System => Self::System,
            Author::Visitor => Self::Nobody,
        }
    }
}

impl Who {
    /// A text for filters: the kind, with the id where there is one.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Self::Agent { id, .. } => format!("agent/{id}"),
            Self::Key { id, .. } => format!("key/{id}"),
            Self::CommandLine => "command_line".to_owned(),
            Self::System => "system".to_owned(),
            Self::Nobody => "nobody".to_owned(),
        }
    }
}

/// Who did something, from where, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// Who.
    pub who: Who,
    /// A keyed hash of the address it came from. Addresses are never kept.
    pub from: Option<Tag>,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: u64,
}

impl By {
    /// A command, at a time in milliseconds since 1970 UTC.
    #[must_use]
    pub const fn command_line(at_ms: u64) -> Self {
        Self { who: Who::CommandLine, from: None, at_ms }
    }
}

//! Rights: what somebody on the staff may do. One line for each in the table below.

mod decide;
mod scope;
mod set;
#[cfg(test)]
mod tests;
mod write;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Kind;

pub use decide::{GrantError, Staff, Subject, administrator_remains, grants, may};
pub use scope::{Reach, Scope};
pub use set::{RightNames, RightSet};
pub use write::{Part, may_add, may_write};

/// Declares the rights with their names in documents and over the API.
macro_rules! rights {
    ($($(#[$doc:meta])* $right:ident = $name:literal,)*) => {
        /// One thing that staff may do or not. The name of a right stands in documents and never changes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Right {
            $($(#[$doc])* #[serde(rename = $name)] $right,)*
        }

        impl Right {
            /// Every right, in the order in which they are shown.
            pub const ALL: &[Self] = &[$(Self::$right),*];

            /// Their names, in the same order.
            pub const NAMES: &[&str] = &[$($name),*];

            /// Its name in documents and over the API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$right => $name,)*
                }
            }
        }
    };
}

rights! {
    /// List, read and follow conversations with their notes.
    ConversationRead = "conversation_read",
    /// Find conversations by what was written in them.
    ConversationSearch = "conversation_search",
    /// Write notes and put labels on conversations.
    ConversationNote = "conversation_note",
    /// Take conversations that nobody has, or whose agent is not online; answer and give back one's own.
    ConversationAnswer = "conversation_answer",
    /// Answer in conversations that a colleague has.
    ConversationJoin = "conversation_join",
    /// Give one's own conversations to a colleague or another department.
    ConversationTransfer = "conversation_transfer",
    /// Give conversations of colleagues back to the queue.
    ConversationReleaseAny = "conversation_release_any",
    /// Take a conversation that an online colleague has.
    ConversationTakeOver = "conversation_take_over",
    /// Give any conversation to a colleague or a department.
    ConversationAssign = "conversation_assign",
    /// End conversations, and mark them as spam: one's own, and those that nobody has.
    ConversationEnd = "conversation_end",
    /// The same with those that a colleague has.
    ConversationEndAny = "conversation_end_any",
    /// End many conversations at once.
    ConversationEndMany = "conversation_end_many",
    /// Correct what a conversation is about: topic, fields, status, outcome.
    ConversationClassify = "conversation_classify",
    /// Change how urgent a conversation is, and report risks of its visitor.
    ConversationPrioritize = "conversation_prioritize",
    /// Merge, split and link conversations.
    ConversationMerge = "conversation_merge",
    /// Get transcripts.
    TranscriptExport = "transcript_export",
    /// Open and download files that were brought into conversations.
    FileOpen = "file_open",
    /// Open restricted files: documents that prove who somebody is.
    FileOpenRestricted = "file_open_restricted",
    /// See, list and export what is marked as suspicious.
    Compliance = "compliance",
    /// Read what is known of a visitor: attributes, pages, device, earlier conversations in one's scope.
    VisitorRead = "visitor_read",
    /// Block visitors, their addresses and networks; see and undo blocks.
    VisitorBlock = "visitor_block",
    /// Erase a visitor with texts, names and files.
    VisitorErase = "visitor_erase",
    /// Declare a flood, and its end.
    FloodDeclare = "flood_declare",
    /// Name conversations whose content retention does not remove.
    RetentionHold = "retention_hold",
    /// See the board: who waits, and what colleagues do.
    BoardRead = "board_read",
    /// Change the state, the capacity and the departments of colleagues for the moment.
    BoardSteer = "board_steer",
    /// Read reports.
    ReportRead = "report_read",
    /// Get what reports are made of, as files.
    ReportExport = "report_export",
    /// Read every setting and its history. What agents write with needs no right of its own.
    SettingsRead = "settings_read",
    /// Change sites, their texts and notices.
    SettingsSite = "settings_site",
    /// Change departments, topics, hours and target times: who gets which visitor, and when.
    SettingsRouting = "settings_routing",
    /// Change replies and labels: what agents write with.
    SettingsDesk = "settings_desk",
    /// Change what visitors rely on to be safe: contacts and rules about links.
    SettingsSafety = "settings_safety",
    /// Write articles of the help centre and approve answers of visitors.
    SettingsHelp = "settings_help",
    /// Change what is automatic: flows, rules, forms.
    SettingsAutomation = "settings_automation",
    /// Change what is connected: webhooks, channels, services of others.
    SettingsIntegration = "settings_integration",
    /// Export and import all settings as one file.
    SettingsTransfer = "settings_transfer",
    /// See who is here of the colleagues, and how many conversations each has.
    PresenceRead = "presence_read",
    /// See colleagues with their addresses, roles and scopes.
    StaffRead = "staff_read",
    /// Invite, change and remove colleagues, and give them roles that one has oneself.
    StaffEdit = "staff_edit",
    /// Make and change roles.
    RoleEdit = "role_edit",
    /// See and end sign-ins of colleagues, give them new passwords and second factors.
    SessionEdit = "session_edit",
    /// Make and revoke keys of the API.
    KeyEdit = "key_edit",
    /// Read and export the audit log.
    AuditRead = "audit_read",
}

/// A text that names no right that this version knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such right")]
pub struct RightError;

impl FromStr for Right {
    type Err = RightError;

    fn from_str(text: &str) -> Result<Self, RightError> {
        Self::ALL.iter().copied().find(|right| right.as_str() == text).ok_or(RightError)
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Right {
    /// Which right changes documents of a kind.
    #[must_use]
    pub const fn to_change(kind: Kind) -> Self {
        kind.changed_by()
    }

    /// Which right changing one field of a kind needs besides: what it does by itself later, or asks of colleagues, is not for everyone who
    /// changes the rest.
    #[must_use]
    pub fn to_change_field(kind: Kind, field: &str) -> Option<Self> {
        match (kind, field) {
            (Kind::Site, "retention") => Some(Self::VisitorErase),
            (Kind::Site, "second_factor") => Some(Self::RoleEdit),
            _ => None,
        }
    }

    /// Which right reads documents of a kind, besides [`Self::SettingsRead`], which reads them all: what agents write with needs no more than
    /// conversations do.
    #[must_use]
    pub const fn to_read(kind: Kind) -> Self {
        kind.read_by()
    }
}

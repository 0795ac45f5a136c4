//! What was done: a closed list with names that never change.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Declares the actions with their names.
macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident = $name:literal,)*) => {
        /// What was done. The names stand in the log and in filters and never change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Action {
            $($(#[$doc])* #[serde(rename = $name)] $action,)*
        }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$action),*];

            /// Its name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$action => $name,)*
                }
            }
        }
    };
}

actions! {
    /// An agent signed in.
    SignedIn = "signed_in",
    /// Somebody did not sign in: a wrong password, an unknown account, a wrong second factor.
    SignInFailed = "sign_in_failed",
    /// Somebody who is signed in proved once more who they are.
    Confirmed = "confirmed",
    /// An agent signed out.
    SignedOut = "signed_out",
    /// A sign-in was ended by somebody else.
    SessionRevoked = "session_revoked",
    /// A password was changed.
    PasswordChanged = "password_changed",
    /// A second factor was added or removed.
    SecondFactorChanged = "second_factor_changed",
    /// Somebody was invited.
    Invited = "invited",
    /// An invitation was taken back.
    InvitationRemoved = "invitation_removed",
    /// A link was made by which somebody chooses a new password.
    PasswordLinkMade = "password_link_made",
    /// An agent was added.
    AgentAdded = "agent_added",
    /// An agent was changed: name, capacity.
    AgentChanged = "agent_changed",
    /// An agent was removed.
    AgentRemoved = "agent_removed",
    /// An agent was switched off.
    AgentDisabled = "agent_disabled",
    /// An agent was switched on again.
    AgentEnabled = "agent_enabled",
    /// Roles, rights or scope of somebody were changed.
    RightsChanged = "rights_changed",
    /// A key of the API was made.
    KeyMade = "key_made",
    /// A key of the API was revoked.
    KeyRevoked = "key_revoked",
    /// A document was added, changed or removed.
    SettingChanged = "setting_changed",
    /// A transcript was exported.
    TranscriptExported = "transcript_exported",
    /// A file of a conversation was opened by staff.
    FileOpened = "file_opened",
    /// Staff searched.
    Searched = "searched",
    /// Somebody asked to erase a visitor.
    Erased = "erased",
    /// What was past its time was removed.
    RetentionRan = "retention_ran",
    /// A conversation was named of which retention removes nothing.
    Held = "held",
    /// That was undone.
    HoldEnded = "hold_ended",
    /// A visitor, an address or a network was blocked.
    Blocked = "blocked",
    /// A block was undone.
    Unblocked = "unblocked",
    /// A conversation was taken over from a colleague.
    TakenOver = "taken_over",
    /// The relay's own key was replaced.
    RelayKeyReplaced = "relay_key_replaced",
    /// The oldest entries of this log were removed.
    AuditCut = "audit_cut",
    /// This log was exported.
    AuditExported = "audit_exported",
}

/// A text that names no action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such action")]
pub struct ActionError;

impl FromStr for Action {
    type Err = ActionError;

    fn from_str(text: &str) -> Result<Self, ActionError> {
        Self::ALL.iter().copied().find(|action| action.as_str() == text).ok_or(ActionError)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

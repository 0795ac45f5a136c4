//! What the relay answers to a request it will not carry out: closed, typed, fit to be shown.

use serde::{Deserialize, Serialize};

/// Why a frame or an HTTP request was not carried out. The reader's own language is the client's affair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Refusal {
    /// A text with nothing to read in it.
    TextEmpty,
    /// A text over the limit.
    TextTooLong {
        /// The most characters allowed.
        chars_max: u32,
    },
    /// A text with characters that cannot be shown or stored (NUL).
    TextInvalid,
    /// No such conversation, or not one of yours: the answer is the same on purpose.
    NotFound,
    /// The conversation has ended.
    Ended,
    /// More than the rate allows.
    RateLimited {
        /// After this long it may go through, in milliseconds.
        retry_after_ms: u64,
    },
    /// The relay has too much to do right now.
    Busy,
    /// Somebody else has this conversation.
    Taken,
    /// The agent holds as many conversations as its capacity allows.
    AtCapacity,
    /// This side may not ask for this.
    NotAllowed,
    /// The frame's type is not known here.
    UnknownFrame,
    /// The visitor has too many conversations open.
    TooManyConversations,
    /// A score outside 1 to 5, or a comment over the limit.
    RatingInvalid,
    /// The store cannot write now; nothing was recorded.
    StoreDown,
    /// A file with nothing in it.
    FileEmpty,
    /// A file over the limit.
    FileTooLarge {
        /// The most bytes allowed.
        bytes_max: u64,
    },
    /// What the file contains is not of an allowed kind, whatever it is called.
    FileKind,
    /// A message names a file that was never uploaded to this conversation.
    FileMissing,
    /// The upload broke off; nothing was kept.
    UploadBroken,
    /// E-mail or password is wrong: the answer does not say which.
    SignInFailed,
    /// Nobody is signed in, or no longer.
    SignedOut,
    /// The visitor's token is unknown or too old.
    TokenInvalid,
    /// There is no such site.
    SiteUnknown,
    /// This page may not speak for the site.
    OriginRefused,
    /// The request cannot be read.
    Malformed,
}

impl Refusal {
    /// Whether the same request may succeed later by itself, so that a client should try again.
    #[must_use]
    pub const fn retry(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Busy | Self::StoreDown | Self::UploadBroken)
    }
}

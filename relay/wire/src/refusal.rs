//! What the relay answers to a request it will not carry out: closed, typed, fit to be shown.

use serde::{Deserialize, Serialize};

use crate::newer::tolerant;

/// Why a frame or an HTTP request was not carried out. The reader's own language is the client's affair.
///
/// One that is not known here is tried again if it says when (`retry_after_ms`, as [`Refusal::RateLimited`]), and else never by
/// itself (as [`Refusal::NotAllowed`]): a new refusal that is only for now must carry that field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(remote = "Self", tag = "reason", rename_all = "snake_case")]
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
    /// The frame's type is not known here, or only the other side says it.
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
    /// More bytes than one visitor, network or site may send in a day or have kept. Trying again at once is of no use.
    QuotaExceeded {
        /// After this long some may be sent again, in milliseconds; 0 when time alone does not help.
        retry_after_ms: u64,
    },
    /// The relay's disk is nearly full, and what is left is kept for others; nothing was recorded.
    DiskFull,
    /// A picture with more pixels than a browser can show without harm, however few bytes it has.
    PictureTooLarge {
        /// The most pixels allowed, all frames of a moving picture together.
        pixels_max: u64,
    },
    /// A text in an encoding that is not taken; as UTF-8 it is.
    FileEncoding,
    /// The visitor, their address or their network is blocked.
    Blocked,
}

impl Refusal {
    /// The code of every refusal, for tables and tests.
    pub const CODES: [&str; 30] = [
        "text_empty",
        "text_too_long",
        "text_invalid",
        "not_found",
        "ended",
        "rate_limited",
        "busy",
        "taken",
        "at_capacity",
        "not_allowed",
        "unknown_frame",
        "too_many_conversations",
        "rating_invalid",
        "store_down",
        "file_empty",
        "file_too_large",
        "file_kind",
        "file_missing",
        "upload_broken",
        "sign_in_failed",
        "signed_out",
        "token_invalid",
        "site_unknown",
        "origin_refused",
        "malformed",
        "quota_exceeded",
        "disk_full",
        "picture_too_large",
        "file_encoding",
        "blocked",
    ];

    /// What stands as `reason` on the wire.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TextEmpty => "text_empty",
            Self::TextTooLong { .. } => "text_too_long",
            Self::TextInvalid => "text_invalid",
            Self::NotFound => "not_found",
            Self::Ended => "ended",
            Self::RateLimited { .. } => "rate_limited",
            Self::Busy => "busy",
            Self::Taken => "taken",
            Self::AtCapacity => "at_capacity",
            Self::NotAllowed => "not_allowed",
            Self::UnknownFrame => "unknown_frame",
            Self::TooManyConversations => "too_many_conversations",
            Self::RatingInvalid => "rating_invalid",
            Self::StoreDown => "store_down",
            Self::FileEmpty => "file_empty",
            Self::FileTooLarge { .. } => "file_too_large",
            Self::FileKind => "file_kind",
            Self::FileMissing => "file_missing",
            Self::UploadBroken => "upload_broken",
            Self::SignInFailed => "sign_in_failed",
            Self::SignedOut => "signed_out",
            Self::TokenInvalid => "token_invalid",
            Self::SiteUnknown => "site_unknown",
            Self::OriginRefused => "origin_refused",
            Self::Malformed => "malformed",
            Self::QuotaExceeded { .. } => "quota_exceeded",
            Self::DiskFull => "disk_full",
            Self::PictureTooLarge { .. } => "picture_too_large",
            Self::FileEncoding => "file_encoding",
            Self::Blocked => "blocked",
        }
    }

    /// Whether the same request may succeed later by itself, so that a client should try again.
    #[must_use]
    pub const fn retry(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Busy | Self::StoreDown | Self::UploadBroken | Self::DiskFull)
    }
}

tolerant! {
    Refusal,
    Newer { reason: String, retry_after_ms: Option<u64> } => {
        drop(reason);
        retry_after_ms.map_or(Self::NotAllowed, |retry_after_ms| Self::RateLimited { retry_after_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_what_stands_on_the_wire() {
        let data = [("chars_max", 1), ("retry_after_ms", 1), ("bytes_max", 1), ("pixels_max", 1)];
        for code in Refusal::CODES {
            let mut json = serde_json::Map::from_iter(data.map(|(name, value)| (name.to_owned(), value.into())));
            json.insert("reason".to_owned(), code.into());
            let refusal: Refusal = serde_json::from_value(json.into()).expect("a refusal of the wire");
            assert_eq!(refusal.code(), code);
        }
    }
}

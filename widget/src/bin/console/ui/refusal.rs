//! Refusals in the agent's words.

use widget::key;
use wire::Refusal;

use crate::ui::words::{fill, t};

/// What a refusal means to somebody at the console.
pub(crate) fn words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Taken => t(key!("console_refused_taken")),
        Refusal::AtCapacity => t(key!("console_refused_capacity")),
        Refusal::Ended => t(key!("console_refused_ended")),
        Refusal::NotFound => t(key!("console_refused_not_found")),
        Refusal::NotAllowed => t(key!("console_refused_not_allowed")),
        Refusal::RateLimited { retry_after_ms } => {
            let minutes = retry_after_ms.div_ceil(60_000).max(1).to_string();
            fill(key!("console_refused_rate"), &[("minutes", &minutes)])
        }
        Refusal::Busy | Refusal::StoreDown => t(key!("console_refused_busy")),
        Refusal::DiskFull => t(key!("console_refused_disk")),
        Refusal::QuotaExceeded { .. } => t(key!("console_refused_quota")),
        Refusal::SignInFailed => t(key!("console_refused_sign_in")),
        Refusal::SignedOut => t(key!("console_signed_out")),
        Refusal::TextEmpty
        | Refusal::TextTooLong { .. }
        | Refusal::TextInvalid
        | Refusal::UnknownFrame
        | Refusal::TooManyConversations
        | Refusal::RatingInvalid
        | Refusal::FileEmpty
        | Refusal::FileTooLarge { .. }
        | Refusal::FileKind
        | Refusal::PictureTooLarge { .. }
        | Refusal::FileEncoding
        | Refusal::FileMissing
        | Refusal::UploadBroken
        | Refusal::TokenInvalid
        | Refusal::SiteUnknown
        | Refusal::OriginRefused
        | Refusal::Malformed
        | Refusal::Blocked => t(key!("console_refused_other")),
    }
}

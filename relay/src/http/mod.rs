//! Everything the relay serves over plain HTTP.

mod asked;
mod asset;
mod file;
mod guard;
mod health;
mod packed;
mod page;
mod person;
mod reject;
mod router;
mod session;
mod transcript;
mod upload;
mod visitor;

use relay_edge::{encoding, name, picture, sniff};

pub use asset::Web;
pub use packed::Packed;
pub(crate) use page::escape;
pub use reject::Reject;
pub use router::router;
#[cfg(test)]
pub(crate) use session::SIGN_IN_BYTES_MAX;
pub use transcript::Transcripts;
#[cfg(test)]
pub(crate) use upload::HEAD_BYTES as UPLOAD_HEAD_BYTES;
pub(crate) use upload::UPLOADS_MAX;

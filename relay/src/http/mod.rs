//! Everything the relay serves over plain HTTP.

mod asset;
mod file;
mod health;
mod name;
mod page;
mod person;
mod reject;
mod router;
mod session;
mod sniff;
mod transcript;
mod upload;

pub use asset::Web;
pub(crate) use page::escape;
pub use reject::Reject;
pub use router::router;
pub(crate) use upload::UPLOADS_MAX;

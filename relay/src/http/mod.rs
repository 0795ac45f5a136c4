//! Everything the relay serves over plain HTTP.

mod api;
mod file;
mod guard;
mod health;
pub mod numbers;
mod page;
mod params;
mod person;
mod router;

#[cfg(test)]
pub(crate) use api::v1::session::SIGN_IN_BYTES_MAX;
#[cfg(test)]
pub(crate) use file::upload::HEAD_BYTES as UPLOAD_HEAD_BYTES;
pub(crate) use file::upload::UPLOADS_MAX;
pub use router::router;

/// Marks an answer that is not compressed on its way, or was already.
#[derive(Clone, Copy, Debug)]
struct AsItIs;

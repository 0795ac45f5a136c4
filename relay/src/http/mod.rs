//! Everything the relay serves over plain HTTP.

mod asked;
mod asset;
mod file;
mod guard;
mod health;
pub mod numbers;
mod page;
mod person;
mod router;
mod session;
mod transcript;
mod upload;
mod visitor;

use relay_edge::{encoding, name, picture, sniff};

pub use router::router;
#[cfg(test)]
pub(crate) use session::SIGN_IN_BYTES_MAX;
#[cfg(test)]
pub(crate) use upload::HEAD_BYTES as UPLOAD_HEAD_BYTES;
pub(crate) use upload::UPLOADS_MAX;

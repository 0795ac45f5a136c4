//! Texts that people wrote, made ready to be shown.

mod bidi;
mod link;

pub use bidi::{filled, isolated};
pub use link::{Piece, pieces};

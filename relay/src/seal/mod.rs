//! Where the relay's key comes from, whether it is the one that the store was sealed with, and how it is replaced. What is done with it is in
//! `relay/src/key`.

mod rotate;
mod settle;
mod source;

pub use crate::key::{KeyName, Keys, OpenError, Place, RelayKey, Sealed};
pub use rotate::{RotateError, Rotated, begin_anew, rotate};
pub use settle::{KeyError, Settled, StoreKey, known, open, record, settle};
pub use source::{KEY_FILE, KeySource};

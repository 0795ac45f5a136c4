//! The audit log: what staff, programs and commands did, in a form that shows whether an entry was changed or taken out. Pure, but for `heads`.
//!
//! Entries are numbered from 1 without gaps. Each has a hash over the hash before it and its own bytes, so that the hash of the last one stands for
//! all of them. That hash, the *head*, is signed with the relay's key, and is written into a file beside the database. Whoever changes the database
//! without the key can neither change nor remove an entry up to the last signed head unseen.

mod action;
mod chain;
mod detail;
mod entry;
mod export;
mod head;
pub mod heads;
#[cfg(test)]
mod tests;
mod who;

pub use action::{Action, ActionError};
pub use chain::{Broken, ChainHash, Checked, StoredEntry, Verification};
pub use detail::DETAIL_BYTES_MAX;
pub use entry::{Entry, NewEntry, Subject};
pub use export::{ExportError, cut_line, entry_line, head_line, verify_export};
pub use head::{Head, SignedHead};
pub use who::{By, Who};

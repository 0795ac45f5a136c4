//! The audit log: what staff, programs and commands did, in a form that shows whether an entry was changed or taken out. Pure.

mod who;

pub use who::{By, Who};

//! What programs ask for and get as JSON: the console, the chat, and later integrators. A file for each thing.

pub(super) mod v1;
pub(super) mod visitor;

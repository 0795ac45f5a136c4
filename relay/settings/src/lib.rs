//! What people configure: a typed document for each thing, checked alone and together; and who may do what.
//!
//! Pure: no clock, no I/O. The relay keeps the documents, the core and the console read them.

mod id;
mod kind;
mod problem;

pub use id::{DOCUMENT_ID_CHARS_MAX, DocumentId, DocumentIdError, DocumentKey};
pub use kind::{Kind, KindError};
pub use problem::{Problem, ProblemCode};

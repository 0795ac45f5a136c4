//! What people configure: a typed document for each thing, checked alone and together; and who may do what.
//!
//! Pure: no clock, no I/O. The relay keeps the documents, the core and the console read them.

mod id;
mod kind;
mod problem;
mod right;
mod role;

pub use id::{DOCUMENT_ID_CHARS_MAX, DocumentId, DocumentIdError, DocumentKey};
pub use kind::{Kind, KindError};
pub use problem::{Problem, ProblemCode};
pub use right::{
    GrantError, Reach, Right, RightError, RightNames, RightSet, Scope, Staff, Subject, administrator_remains, grants,
    may,
};
pub use role::BuiltInRole;

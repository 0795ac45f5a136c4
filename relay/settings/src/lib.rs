//! What people configure: a typed document for each thing, checked alone and together; and who may do what.
//!
//! Pure: no clock, no I/O. The relay keeps the documents, the core and the console read them.

pub mod body;
mod check;
pub mod colour;
pub mod contact;
pub mod department;
mod difference;
pub mod hours;
mod id;
pub mod image;
mod kind;
pub mod label;
pub mod language;
pub mod link_rule;
#[cfg(not(target_arch = "wasm32"))]
mod look;
pub mod notice;
pub mod origin;
mod problem;
pub mod reply;
mod right;
pub mod role;
pub mod schema;
pub mod site;
pub mod sla;
mod snapshot;
mod text_type;
pub mod texts;
pub mod time;
pub mod topic;
pub mod zone;

pub use body::{AnyBody, BODY_BYTES_MAX, Body, PROBLEMS_MAX, Problems};
pub use check::{KEY_CHARS_MAX, LANGUAGES_MAX, MOMENT_MS_MAX, WEEKLY_MAX};
pub use difference::{DIFFERENCE_CHARS_MAX, DIFFERENCES_MAX, Difference, Differences, SECRET_FIELD, differences};
pub use id::{DOCUMENT_ID_CHARS_MAX, DocumentId, DocumentIdError, DocumentKey};
pub use kind::{Kind, KindError};
#[cfg(not(target_arch = "wasm32"))]
pub use look::{Look, LookNotice, NOTICES_MAX, accent_colours};
pub use problem::{Problem, ProblemCode};
pub use right::{
    GrantError, Part, Reach, Right, RightError, RightNames, RightSet, Scope, Staff, Subject, administrator_remains,
    grants, may, may_add, may_write,
};
pub use role::{BuiltInRole, Granted, Role, SecondFactor, granted, second_factor_of, shown_role, staff_with};
pub use schema::{Field, Schema, Shape};
pub use snapshot::{CHANGE_PROBLEMS_MAX, Change, DOCUMENTS_BYTES_MAX, DOCUMENTS_MAX, Document, PARENTS_MAX, Snapshot};

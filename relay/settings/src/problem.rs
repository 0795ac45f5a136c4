//! What is wrong with a document: where, which kind of problem, and what to do.

use serde::{Deserialize, Serialize};

/// One problem of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The field as a path of names and positions from 0, as `weekly.2.from`. Empty when the whole document is meant.
    pub field: String,
    /// Which kind of problem; the console has a text for each.
    pub code: ProblemCode,
    /// What is wrong and what to do, in English, with the bounds in it.
    pub remedy: String,
}

/// The kinds of problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// It must be given and is not.
    Required,
    /// There is no such field.
    Unknown,
    /// It has another type or shape.
    Shape,
    /// It is too long, or there are too many.
    TooLong,
    /// It is outside its bounds.
    OutOfRange,
    /// It names something that does not exist.
    Missing,
    /// Another one has this already.
    Taken,
    /// It is used, so it cannot be removed.
    InUse,
    /// It contradicts another field.
    Contradiction,
    /// A colour that cannot be read on another.
    Contrast,
    /// A password that is easy to guess.
    Guessable,
    /// Rights, or a scope, that who gives them has not got.
    NotGranted,
    /// Nobody would be left who can give any right to anybody.
    LastAdministrator,
}

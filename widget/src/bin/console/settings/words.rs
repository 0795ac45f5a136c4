//! The words of settings: kinds, fields, and what is wrong with them.

use relay_settings::{Field, Kind, ProblemCode, Shape};
use widget::key;
use widget::text::Key;

use super::path;

/// Kinds that have a field which something reads; the others would change nothing.
#[cfg(test)]
pub(super) fn kinds() -> impl Iterator<Item = Kind> {
    Kind::ALL.iter().copied().filter(|kind| fields(*kind).next().is_some() && words(*kind).is_some())
}

/// The fields of a kind that something reads, in order.
pub(super) fn fields(kind: Kind) -> impl Iterator<Item = &'static Field> {
    kind.schema().fields.iter().filter(|field| field.is_read)
}

/// What a kind is called, and what it is for.
pub(super) struct KindWords {
    /// All of them.
    pub(super) many: Key,
    /// A new one.
    pub(super) new: Key,
    /// What it is for, said where there is none.
    pub(super) note: Key,
}

/// The words of a kind.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the test below fails for a kind with a field that something reads and no words"
)]
pub(super) const fn words(kind: Kind) -> Option<KindWords> {
    match kind {
        Kind::Site => Some(KindWords {
            many: key!("console_kind_site"),
            new: key!("console_kind_site_new"),
            note: key!("console_kind_site_note"),
        }),
        Kind::Department => Some(KindWords {
            many: key!("console_kind_department"),
            new: key!("console_kind_department_new"),
            note: key!("console_kind_department_note"),
        }),
        Kind::Role => Some(KindWords {
            many: key!("console_kind_role"),
            new: key!("console_kind_role_new"),
            note: key!("console_kind_role_note"),
        }),
        _ => None,
    }
}

/// What a field is called, and the help below it.
pub(super) fn label(kind: Kind, path: &str) -> Option<(Key, Key)> {
    match (kind, path::general(path).as_str()) {
        (Kind::Site, "name") => Some((key!("console_site_name"), key!("console_site_name_note"))),
        (Kind::Site, "origins") => Some((key!("console_site_origins"), key!("console_site_origins_note"))),
        (Kind::Department, "name") => Some((key!("console_department_name"), key!("console_department_name_note"))),
        (Kind::Department, "site") => Some((key!("console_department_site"), key!("console_department_site_note"))),
        (Kind::Role, "name") => Some((key!("console_role_name"), key!("console_role_name_note"))),
        (Kind::Role, "rights") => Some((key!("console_role_rights"), key!("console_role_rights_note"))),
        _ => None,
    }
}

/// What is wrong.
pub(super) const fn problem(code: ProblemCode) -> Key {
    match code {
        ProblemCode::Required => key!("console_problem_required"),
        ProblemCode::TooLong => key!("console_problem_too_long"),
        ProblemCode::Taken => key!("console_problem_taken"),
        ProblemCode::InUse => key!("console_problem_in_use"),
        ProblemCode::Missing => key!("console_problem_missing"),
        ProblemCode::NotGranted => key!("console_problem_not_granted"),
        ProblemCode::LastAdministrator => key!("console_problem_last_administrator"),
        ProblemCode::OutOfRange => key!("console_problem_out_of_range"),
        ProblemCode::Unknown
        | ProblemCode::Shape
        | ProblemCode::Contradiction
        | ProblemCode::Contrast
        | ProblemCode::Guessable => key!("console_problem_shape"),
    }
}

/// How a field is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Editor {
    /// One line.
    Line,
    /// Several values, one for each line.
    Lines,
    /// A document of a kind, or none.
    Reference(Kind),
    /// The rights of a role.
    Rights,
}

impl Editor {
    /// Whether it stands for a whole list, so that it also says what is wrong with entries of it.
    pub(super) const fn has_lines(self) -> bool {
        matches!(self, Self::Lines | Self::Rights)
    }
}

/// The editor for a shape; none when the form has none yet.
#[expect(clippy::wildcard_enum_match_arm, reason = "the test below fails for a field that needs another editor")]
pub(super) fn editor(kind: Kind, shape: &Shape) -> Option<Editor> {
    match shape {
        Shape::Line { .. } => Some(Editor::Line),
        Shape::Reference(kind) => Some(Editor::Reference(*kind)),
        Shape::List { of, .. } if kind == Kind::Role && matches!(**of, Shape::Choice(_)) => Some(Editor::Rights),
        Shape::List { of, .. } if matches!(**of, Shape::Line { .. } | Shape::Origin) => Some(Editor::Lines),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_that_something_reads_has_words_and_an_editor() {
        let mut count = 0;
        for kind in Kind::ALL {
            for field in fields(*kind) {
                assert!(words(*kind).is_some(), "{kind}");
                assert!(label(*kind, field.name).is_some(), "{kind} {}", field.name);
                assert!(editor(*kind, &field.shape).is_some(), "{kind} {}", field.name);
                count += 1;
            }
        }
        assert!(count > 0 && kinds().count() > 0);
    }
}

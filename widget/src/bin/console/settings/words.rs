//! The words of settings: kinds, fields, and what is wrong with them.

mod label;

use relay_settings::{Field, Kind, ProblemCode, Shape};
use widget::key;
use widget::text::Key;

pub(super) use self::label::{choice, label};

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
    /// One of them.
    pub(super) one: Key,
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
            one: key!("console_field_site"),
            new: key!("console_kind_site_new"),
            note: key!("console_kind_site_note"),
        }),
        Kind::Department => Some(KindWords {
            many: key!("console_kind_department"),
            one: key!("console_kind_department_one"),
            new: key!("console_kind_department_new"),
            note: key!("console_kind_department_note"),
        }),
        Kind::Hours => Some(KindWords {
            many: key!("console_kind_hours"),
            one: key!("console_kind_hours"),
            new: key!("console_kind_hours_new"),
            note: key!("console_kind_hours_note"),
        }),
        Kind::Notice => Some(KindWords {
            many: key!("console_kind_notice"),
            one: key!("console_kind_notice_one"),
            new: key!("console_kind_notice_new"),
            note: key!("console_kind_notice_note"),
        }),
        Kind::Texts => Some(KindWords {
            many: key!("console_kind_texts"),
            one: key!("console_kind_texts"),
            new: key!("console_kind_texts_new"),
            note: key!("console_kind_texts_note"),
        }),
        Kind::Role => Some(KindWords {
            many: key!("console_kind_role"),
            one: key!("console_kind_role_one"),
            new: key!("console_kind_role_new"),
            note: key!("console_kind_role_note"),
        }),
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
        ProblemCode::Contrast => key!("console_problem_contrast"),
        ProblemCode::Contradiction => key!("console_problem_contradiction"),
        ProblemCode::Unknown | ProblemCode::Shape | ProblemCode::Guessable => key!("console_problem_shape"),
    }
}

/// How a field is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Editor {
    /// One line, with the type that the browser has for it.
    Line(&'static str),
    /// A whole number.
    Number,
    /// Text of several lines.
    Text,
    /// Several values, one for each line.
    Lines,
    /// Yes or no.
    Flag,
    /// One of these.
    Choice(&'static [&'static str]),
    /// A colour.
    Colour,
    /// A small picture.
    Picture,
    /// A time zone.
    Zone,
    /// A moment, in the reader's own time.
    Moment,
    /// A document of a kind, or none.
    Reference(Kind),
    /// The rights of a role.
    Rights,
    /// A text for each language.
    ByLanguage,
    /// Texts beside those of the product.
    Texts,
    /// The times of a week.
    Week,
    /// Fields of its own.
    Group(&'static [Field]),
    /// Several of these.
    Groups(&'static [Field]),
}

impl Editor {
    /// Whether it stands for a whole list, so that it also says what is wrong with entries of it.
    pub(super) const fn has_lines(self) -> bool {
        matches!(self, Self::Lines | Self::Rights)
    }

    /// Whether it is a set of controls, which a legend names; else a label names its one control.
    pub(super) const fn is_set(self) -> bool {
        matches!(
            self,
            Self::Rights
                | Self::ByLanguage
                | Self::Picture
                | Self::Texts
                | Self::Week
                | Self::Group(_)
                | Self::Groups(_)
        )
    }
}

/// The editor for a shape; none when the form has none yet.
pub(super) fn editor(kind: Kind, shape: &'static Shape) -> Option<Editor> {
    match shape {
        Shape::Line { .. } | Shape::Language | Shape::Origin | Shape::Time => Some(Editor::Line("text")),
        Shape::Date => Some(Editor::Line("date")),
        Shape::Number { .. } => Some(Editor::Number),
        Shape::Text { .. } => Some(Editor::Text),
        Shape::Flag => Some(Editor::Flag),
        Shape::Choice(choices) => Some(Editor::Choice(choices)),
        Shape::Colour => Some(Editor::Colour),
        Shape::Image => Some(Editor::Picture),
        Shape::Zone => Some(Editor::Zone),
        Shape::Moment => Some(Editor::Moment),
        Shape::Reference(kind) => Some(Editor::Reference(*kind)),
        Shape::Weekly => Some(Editor::Week),
        Shape::Group(fields) => Some(Editor::Group(fields)),
        Shape::ByLanguage(of) if matches!(**of, Shape::Text { .. }) => Some(Editor::ByLanguage),
        Shape::ByKey { .. } => Some(Editor::Texts),
        Shape::List { of, .. } => match &**of {
            Shape::Choice(_) if kind == Kind::Role => Some(Editor::Rights),
            Shape::Group(fields) => Some(Editor::Groups(fields)),
            Shape::Line { .. } | Shape::Origin | Shape::Language => Some(Editor::Lines),
            Shape::Text { .. }
            | Shape::Number { .. }
            | Shape::Flag
            | Shape::Choice(_)
            | Shape::Colour
            | Shape::Zone
            | Shape::Date
            | Shape::Time
            | Shape::Moment
            | Shape::Image
            | Shape::Agent
            | Shape::Reference(_)
            | Shape::List { .. }
            | Shape::ByLanguage(_)
            | Shape::ByKey { .. }
            | Shape::Weekly => None,
        },
        Shape::Agent | Shape::ByLanguage(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives how many fields it has looked at.
    fn check(kind: Kind, before: &str, fields: impl Iterator<Item = &'static Field>) -> usize {
        let mut count = 0;
        for field in fields {
            let path = if before.is_empty() { field.name.to_owned() } else { format!("{before}.{}", field.name) };
            assert!(label(kind, &path).is_some(), "{kind} {path}");
            let editor = editor(kind, &field.shape).unwrap_or_else(|| panic!("{kind} {path} has no editor"));
            count += 1;
            match editor {
                Editor::Group(fields) | Editor::Groups(fields) => count += check(kind, &path, fields.iter()),
                Editor::Choice(choices) => {
                    assert!(choices.iter().all(|value| choice(kind, &path, value).is_some()), "{kind} {path}");
                }
                Editor::Line(_)
                | Editor::Number
                | Editor::Text
                | Editor::Lines
                | Editor::Flag
                | Editor::Colour
                | Editor::Zone
                | Editor::Moment
                | Editor::Reference(_)
                | Editor::Rights
                | Editor::ByLanguage
                | Editor::Texts
                | Editor::Picture
                | Editor::Week => {}
            }
        }
        count
    }

    #[test]
    fn every_field_that_something_reads_has_words_and_an_editor() {
        let mut count = 0;
        for kind in Kind::ALL {
            assert!(fields(*kind).next().is_none() || words(*kind).is_some(), "{kind}");
            count += check(*kind, "", fields(*kind));
        }
        assert!(count > 30 && kinds().count() > 0, "{count}");
    }
}

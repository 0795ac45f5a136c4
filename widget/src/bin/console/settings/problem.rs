//! What is wrong, in words: with a field, and with a whole request.

use relay_settings::{Field, Kind, ProblemCode, Shape};
use widget::key;

use super::{path, words};
use crate::api::v1::{Fault, FieldProblem};
use crate::ui::words::{fill, language, t};

/// What is wrong with a field of a document, with its bounds where these are numbers.
pub(super) fn words_in(kind: Kind, problem: &FieldProblem) -> String {
    let is_of_bounds = matches!(problem.code, ProblemCode::OutOfRange | ProblemCode::TooLong);
    let bounds = bounds(kind, &problem.field).filter(|_| is_of_bounds).map(|bounds| match bounds {
        Bounds::Value(from, to) => {
            fill(key!("console_problem_between"), &[("from", &from.to_string()), ("to", &to.to_string())])
        }
        Bounds::Length(count) => fill(key!("console_problem_chars"), &[("count", &count.to_string())]),
    });
    bounds.map_or_else(|| problem_words(problem), |bounds| [&t(words::problem(problem.code)), " ", &bounds].concat())
}

/// What is wrong, and what to do: the kind of problem in the reader's language, the rest as the check says it.
fn problem_words(problem: &FieldProblem) -> String {
    let words = t(words::problem(problem.code));
    let says_all =
        matches!(problem.code, ProblemCode::Required | ProblemCode::LastAdministrator | ProblemCode::NotGranted);
    // The checks speak English.
    if problem.remedy.is_empty() || says_all || !language().starts_with("en") {
        return words;
    }
    [&words, " ", &problem.remedy].concat()
}

/// The bounds of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bounds {
    /// Its least and its greatest value.
    Value(u64, u64),
    /// Its greatest length in characters.
    Length(usize),
}

/// The bounds of a field that are numbers; of a list those of its entries.
fn bounds(kind: Kind, path: &str) -> Option<Bounds> {
    let path = path::general(path);
    let mut names = path.split('.');
    let named = |fields: &'static [Field], name: &str| fields.iter().find(|field| field.name == name);
    let first = named(&kind.schema().fields, names.next()?)?;
    let shape = names.try_fold(&first.shape, |shape, name| Some(&named(inner(shape)?, name)?.shape))?;
    let of = if let Shape::List { of, .. } = shape { of } else { shape };
    #[expect(clippy::wildcard_enum_match_arm, reason = "others have no bounds that are numbers")]
    match of {
        Shape::Number { min, max } => Some(Bounds::Value(*min, *max)),
        Shape::Line { chars_max } | Shape::Text { chars_max } => Some(Bounds::Length(*chars_max)),
        _ => None,
    }
}

/// The fields inside a shape.
fn inner(shape: &'static Shape) -> Option<&'static [Field]> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "others have no fields")]
    match shape {
        Shape::Group(fields) => Some(fields),
        Shape::List { of, .. } => inner(of),
        _ => None,
    }
}

/// What the relay says of a field first, else of the whole request.
pub(super) fn said(fault: &Fault) -> String {
    match fault {
        Fault::Problem(problem) if !problem.problems.is_empty() => problem_words(&problem.problems[0]),
        Fault::Problem(_) | Fault::Unreachable => fault_words(fault),
    }
}

pub(super) fn fault_words(fault: &Fault) -> String {
    t(match fault {
        Fault::Unreachable => key!("console_unreachable"),
        Fault::Problem(problem) => match problem.name() {
            "changed" => key!("console_changed_reopen"),
            "not_allowed" => key!("console_no_right"),
            "not_found" => key!("console_settings_gone"),
            "sign_in_again" => key!("console_not_confirmed"),
            "rate_limited" => key!("console_rate_limited"),
            _ => key!("console_refused_other"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_the_schema() {
        for (kind, path, found) in [
            (Kind::Site, "times.left_after_seconds", true),
            (Kind::Department, "name", true),
            (Kind::Hours, "holidays.3.name", true),
            (Kind::Department, "site", false),
            (Kind::Department, "nothing.there", false),
        ] {
            assert_eq!(bounds(kind, path).is_some(), found, "{kind} {path}");
        }
    }
}

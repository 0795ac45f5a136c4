//! What an account may be called and sign in with. Command line and API ask the same rules.

use std::collections::BTreeSet;

use relay_settings::{
    BuiltInRole, DocumentId, DocumentKey, Kind, Problem, ProblemCode, Reach, Scope, Snapshot, granted,
};
use wire::limit::{CAPACITY_MAX, NAME_CHARS_MAX};

use super::strength;
use crate::store::{ROLES_PER_AGENT_MAX, SCOPE_NAMES_MAX, site_key};

/// The longest e-mail address (RFC 5321, section 4.5.3.1.3).
pub(super) const EMAIL_BYTES_MAX: usize = 254;

/// A name that visitors see, without spaces around it.
///
/// # Errors
/// When it is empty, too long or would change the text around it.
pub fn name(name: &str) -> Result<String, Problem> {
    let name = name.trim();
    let acts = |char: char| char.is_control() || wire::is_line_break(char) || wire::turns_line(char);
    if wire::is_blank(name) || name.chars().count() > NAME_CHARS_MAX || name.contains(acts) {
        let remedy = format!(
            "a name is 1 to {NAME_CHARS_MAX} characters on one line, some of them seen, none that turns the direction of others"
        );
        return Err(Problem { field: "name".into(), code: ProblemCode::Shape, remedy });
    }
    Ok(name.to_owned())
}

/// An e-mail address to sign in with, without spaces around it.
///
/// # Errors
/// When it does not look like one.
pub fn email(email: &str) -> Result<String, Problem> {
    let email = email.trim();
    let plain = email.len() <= EMAIL_BYTES_MAX && !email.contains(wire::is_unseen);
    let halves =
        email.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'));
    if plain && halves {
        return Ok(email.to_owned());
    }
    let remedy = "this is not an e-mail address; it must look like ann@example.com".to_owned();
    Err(Problem { field: "email".into(), code: ProblemCode::Shape, remedy })
}

/// A password that somebody chose for the account with this mail address and name. It takes up to a tenth of a second.
///
/// # Errors
/// When it is too short, longer than what is hashed, or easy to guess.
pub fn password(password: &str, email: &str, name: &str) -> Result<(), Problem> {
    strength::check(password, email, name)
}

/// How many conversations an agent may hold at once.
///
/// # Errors
/// When it is 0 or beyond the bound.
pub fn capacity(capacity: u32) -> Result<u32, Problem> {
    if (1..=CAPACITY_MAX).contains(&capacity) {
        return Ok(capacity);
    }
    let remedy = format!("an agent holds 1 to {CAPACITY_MAX} conversations at once");
    Err(Problem { field: "capacity".into(), code: ProblemCode::OutOfRange, remedy })
}

/// What somebody may do: at least one role, and each exists.
///
/// # Errors
/// When there is none, too many, or one does not exist.
pub fn roles(roles: &BTreeSet<DocumentId>, snapshot: &Snapshot) -> Result<(), Problem> {
    let problem = |code, remedy| Err(Problem { field: "roles".into(), code, remedy });
    if roles.is_empty() || roles.len() > ROLES_PER_AGENT_MAX {
        return problem(ProblemCode::OutOfRange, format!("an agent has 1 to {ROLES_PER_AGENT_MAX} roles"));
    }
    match roles.iter().find(|id| granted(snapshot, id).is_none()) {
        None => Ok(()),
        Some(id) => {
            let mut known: Vec<&str> = BuiltInRole::ALL.into_iter().map(BuiltInRole::id).collect();
            known.extend(snapshot.of_kind(Kind::Role).take(20).map(|(id, _)| id.as_str()));
            problem(ProblemCode::Missing, format!("there is no role {id}; there are {}", known.join(", ")))
        }
    }
}

/// Where somebody may: every site and department that is named exists.
///
/// # Errors
/// When none or too many are named, or one does not exist.
pub fn scope(scope: &Scope, snapshot: &Snapshot) -> Result<(), Problem> {
    let sites = named(&scope.sites, "scope.sites", site_key, snapshot);
    let department = |id: &DocumentId| DocumentKey { kind: Kind::Department, id: id.clone() };
    sites.and_then(|()| named(&scope.departments, "scope.departments", department, snapshot))
}

/// What is reached by name exists.
fn named<T>(
    reach: &Reach<T>,
    field: &str,
    key: impl Fn(&T) -> DocumentKey,
    snapshot: &Snapshot,
) -> Result<(), Problem> {
    let problem = |code, remedy| Err(Problem { field: field.into(), code, remedy });
    let Reach::Some(named) = reach else { return Ok(()) };
    if named.is_empty() || named.len() > SCOPE_NAMES_MAX {
        return problem(ProblemCode::OutOfRange, format!("it is all, or 1 to {SCOPE_NAMES_MAX} by name"));
    }
    match named.iter().map(key).find(|key| snapshot.document(key).is_none()) {
        None => Ok(()),
        Some(key) => problem(ProblemCode::Missing, format!("there is no {key}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_names_are_checked() {
        assert_eq!(email(" ann@example.com ").as_deref(), Ok("ann@example.com"));
        for bad in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "a b@example.com",
            "a@b@c",
            "a\u{202e}nn@example.com",
            "a\u{200b}@example.com",
        ] {
            assert!(email(bad).is_err(), "{bad}");
        }
        assert_eq!(name(" Ann ").as_deref(), Ok("Ann"));
        for bad in
            ["a\nb", "", "A\u{202e}B", "A\u{2028}B", "A\u{85}B", "\u{200b}\u{200b}", "\u{2066}A\u{2069}", "A\u{1b}[2J"]
        {
            assert!(name(bad).is_err(), "{bad:?}");
        }
        assert!(name("רות ל.").is_ok() && name("王小明").is_ok() && name("Zoë 👩\u{200d}💻").is_ok());
        assert!(capacity(1).is_ok() && capacity(0).is_err() && capacity(CAPACITY_MAX + 1).is_err());
    }
}

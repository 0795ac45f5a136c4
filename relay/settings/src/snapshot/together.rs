//! What holds among documents: references, sites, parents, names.

use std::collections::{BTreeMap, BTreeSet};

use super::{Document, Documents};
use crate::{DocumentId, DocumentKey, Kind, Problem, ProblemCode};

/// Parents above a document at most.
pub const PARENTS_MAX: usize = 8;
/// Users of a document that a problem names.
const USERS_NAMED_MAX: usize = 10;

/// Everything that is wrong among documents. What this version cannot read is asked nothing; that it is there counts.
pub(super) fn check(documents: &Documents) -> BTreeMap<DocumentKey, Vec<Problem>> {
    let mut found: BTreeMap<DocumentKey, Vec<Problem>> = BTreeMap::new();
    let mut add = |key: &DocumentKey, field: &str, code, remedy| {
        found.entry(key.clone()).or_default().push(Problem { field: field.to_owned(), code, remedy });
    };
    for (key, document) in documents.iter().filter(|(_, document)| document.body().is_some()) {
        for Problem { field, code, remedy } in missing(document, documents) {
            add(key, &field, code, remedy);
        }
        for (field, named) in document.references() {
            let Some(other) = documents.get(named) else { continue };
            if named.kind != Kind::Site && other.site().is_some() && other.site() != document.site() {
                let remedy = format!("{named} belongs to another site. Choose one of this site, or one of all sites.");
                add(key, field, ProblemCode::Contradiction, remedy);
            }
        }
        if let Some((field, code, remedy)) = check_parents(key, document, documents) {
            add(key, &field, code, remedy);
        }
    }
    for (key, field, other) in taken(documents) {
        let remedy = format!("{other} has this already. Choose another.");
        add(key, field, ProblemCode::Taken, remedy);
    }
    found
}

/// What a document names that is not there.
pub(super) fn missing(document: &Document, documents: &Documents) -> Vec<Problem> {
    let absent = document.references().filter(|(_, named)| !documents.contains_key(*named));
    let problem = |(field, named): (&str, &DocumentKey)| {
        let remedy = format!("There is no {named}. Make it first, or choose another.");
        Problem { field: field.to_owned(), code: ProblemCode::Missing, remedy }
    };
    absent.map(problem).collect()
}

/// Documents of its own kind that a document names are its parents: it is none of those above itself, and they are few.
fn check_parents(
    key: &DocumentKey,
    document: &Document,
    documents: &Documents,
) -> Option<(String, ProblemCode, String)> {
    let (field, _) = document.references().find(|(_, named)| named.kind == key.kind)?;
    let (mut seen, mut above) = (BTreeSet::new(), vec![document]);
    for _ in 0..PARENTS_MAX {
        let mut next = Vec::new();
        for one in above {
            for (_, named) in one.references().filter(|(_, named)| named.kind == key.kind) {
                if named == key {
                    let remedy = "It would be above itself. Choose another parent.".to_owned();
                    return Some((field.to_owned(), ProblemCode::Contradiction, remedy));
                }
                if seen.insert(named) {
                    next.extend(documents.get(named).map(AsRef::as_ref));
                }
            }
        }
        above = next;
    }
    let is_deep = above.iter().any(|one| one.references().any(|(_, named)| named.kind == key.kind));
    is_deep.then(|| {
        let remedy = format!("There are more than {PARENTS_MAX} above it. Choose a parent nearer to the top.");
        (field.to_owned(), ProblemCode::OutOfRange, remedy)
    })
}

/// Names that two documents of a kind have on one site: each of them, with the field and the other.
fn taken(documents: &Documents) -> Vec<(&DocumentKey, &'static str, &DocumentKey)> {
    let mut by_name: BTreeMap<_, Vec<(&DocumentKey, Option<&DocumentId>)>> = BTreeMap::new();
    for (key, document) in documents {
        for (field, name) in document.names() {
            by_name.entry((key.kind, *field, name)).or_default().push((key, document.site()));
        }
    }
    let mut found = Vec::new();
    for ((_, field, _), holders) in by_name.iter().filter(|(_, holders)| holders.len() > 1) {
        // The first of each site, and of all sites: enough to name another for everybody.
        let mut first: BTreeMap<Option<&DocumentId>, Vec<&DocumentKey>> = BTreeMap::new();
        for (key, site) in holders {
            first.entry(*site).or_default().push(key);
        }
        let of_all_sites = first.get(&None).and_then(|keys| keys.first()).copied();
        for (key, site) in holders {
            let same = first[site].iter().find(|other| *other != key).copied();
            // What holds on all sites meets every other.
            let any = || holders.iter().find(|(other, _)| site.is_none() && other != key).map(|(other, _)| *other);
            if let Some(other) = same.or(of_all_sites.filter(|other| other != key)).or_else(any) {
                found.push((*key, *field, other));
            }
        }
    }
    found
}

/// Why documents that were removed may not be: who uses them, besides documents that are put by the same change, which say so themselves.
pub(super) fn in_use<'a>(
    removed: &'a BTreeSet<DocumentKey>,
    documents: &Documents,
    put: &BTreeSet<DocumentKey>,
) -> Vec<(&'a DocumentKey, String)> {
    let mut users: BTreeMap<&DocumentKey, Vec<(&DocumentKey, &str)>> = BTreeMap::new();
    for (user, document) in documents.iter().filter(|(user, _)| !put.contains(*user)) {
        for (field, named) in document.references() {
            if let Some(named) = removed.get(named) {
                users.entry(named).or_default().push((user, field));
            }
        }
    }
    let remedy = |users: &[(&DocumentKey, &str)]| {
        let named = users.iter().take(USERS_NAMED_MAX).map(|(user, field)| format!("{user} ({field})"));
        let named = named.collect::<Vec<_>>().join(", ");
        let more = users.len().saturating_sub(USERS_NAMED_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("It is used by {named}{more}. Change or remove these first.")
    };
    users.into_iter().map(|(removed, users)| (removed, remedy(&users))).collect()
}

/// Which documents name this one, each with the field that does.
pub(super) fn users<'a>(
    of: &'a DocumentKey,
    documents: &'a Documents,
) -> impl Iterator<Item = (&'a DocumentKey, &'a str)> {
    documents.iter().flat_map(move |(user, document)| {
        document.references().filter(move |(_, named)| *named == of).map(move |(field, _)| (user, field))
    })
}

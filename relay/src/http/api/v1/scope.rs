//! Rights and scopes in bodies: how they are described, read and checked.

use std::collections::BTreeSet;

use relay_settings::{DocumentId, GrantError, Problem, ProblemCode, Right, RightSet, Scope, Snapshot, Staff, grants};
use serde_json::Value;
use utoipa::ToSchema;

use super::asker::Asker;
use super::error::ApiError;
use crate::identity::account;

/// Where rights count: what is of one of these sites and of one of these departments.
#[derive(ToSchema)]
#[schema(as = Scope)]
#[expect(dead_code, reason = "it only describes a scope")]
pub(super) struct ScopeBody {
    /// Of which sites.
    sites: ReachBody,
    /// Of which departments. What has none is only for those who have all.
    departments: ReachBody,
}

/// All of them, also those that are made later, or a list of ids.
#[derive(ToSchema)]
#[schema(as = Reach)]
#[serde(untagged)]
#[expect(dead_code, reason = "it only describes a reach")]
pub(super) enum ReachBody {
    /// All.
    All(AllBody),
    /// Those with these ids.
    Some(Vec<String>),
}

/// The word for all.
#[derive(ToSchema)]
#[schema(as = All)]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "it only describes the word")]
pub(super) enum AllBody {
    /// `all`
    All,
}

/// Reads rights by their names, at least one.
pub(super) fn rights(names: &[String], problems: &mut Vec<Problem>) -> RightSet {
    if names.is_empty() {
        let remedy = "name at least one right".to_owned();
        problems.push(Problem { field: "rights".into(), code: ProblemCode::Required, remedy });
    }
    let mut rights = Vec::new();
    for (at, name) in names.iter().enumerate() {
        match name.parse::<Right>() {
            Ok(right) => rights.push(right),
            Err(_) => {
                let remedy = "there is no such right; the schema of roles lists them all".to_owned();
                problems.push(Problem { field: format!("rights.{at}"), code: ProblemCode::Unknown, remedy });
                // One is enough to see what is wrong.
                break;
            }
        }
    }
    RightSet::of(&rights)
}

/// Reads a scope, whose sites and departments must exist.
pub(super) fn scope(snapshot: &Snapshot, value: &Value, problems: &mut Vec<Problem>) -> Scope {
    let Ok(scope) = serde_json::from_value::<Scope>(value.clone()) else {
        let remedy = "a scope has `sites` and `departments`, each `\"all\"` or a list of ids".to_owned();
        problems.push(Problem { field: "scope".into(), code: ProblemCode::Shape, remedy });
        return Scope::EVERYWHERE;
    };
    problems.extend(account::scope(&scope, snapshot).err());
    scope
}

/// Reads ids of roles, which must exist.
pub(super) fn roles(snapshot: &Snapshot, ids: &[String], problems: &mut Vec<Problem>) -> BTreeSet<DocumentId> {
    let read: BTreeSet<DocumentId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    if read.len() == ids.len() {
        problems.extend(account::roles(&read, snapshot).err());
    } else {
        let remedy = "roles are ids of roles, each named once".to_owned();
        problems.push(Problem { field: "roles".into(), code: ProblemCode::Shape, remedy });
    }
    read
}

/// Refuses to give what the asker has not got.
///
/// # Errors
/// `NotGranted`.
pub(super) fn must_grant(asker: &Asker, to: &Staff, rights_field: &str) -> Result<(), ApiError> {
    grants(asker.staff(), to).map_err(|error| {
        let field = match error {
            GrantError::Rights(_) => rights_field,
            GrantError::Scope => "scope",
            GrantError::Disabled => "",
        };
        let problem = Problem { field: field.to_owned(), code: ProblemCode::NotGranted, remedy: error.to_string() };
        ApiError::NotGranted(vec![problem])
    })
}

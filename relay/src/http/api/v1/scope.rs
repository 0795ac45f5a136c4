//! Rights and scopes in bodies: how they are described, read and checked.

use relay_settings::{
    DocumentId, DocumentKey, GrantError, Kind, Problem, ProblemCode, Reach, Right, RightSet, Scope, Snapshot,
};
use serde_json::Value;
use utoipa::ToSchema;

/// Entries of a list of sites or departments.
const LIST_MAX: usize = 500;

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
    let mut wrong = |field: &str, code, remedy: &str| {
        problems.push(Problem { field: field.to_owned(), code, remedy: remedy.to_owned() });
    };
    let Ok(scope) = serde_json::from_value::<Scope>(value.clone()) else {
        wrong("scope", ProblemCode::Shape, "a scope has `sites` and `departments`, each `\"all\"` or a list of ids");
        return Scope::EVERYWHERE;
    };
    let ids = |ids: Vec<&str>, kind| {
        let exists =
            |id: &&str| id.parse::<DocumentId>().is_ok_and(|id| snapshot.document(&DocumentKey { kind, id }).is_some());
        ids.len() <= LIST_MAX && ids.iter().all(exists)
    };
    if let Reach::Some(sites) = &scope.sites
        && !ids(sites.iter().map(wire::SiteId::as_str).collect(), Kind::Site)
    {
        wrong("scope.sites", ProblemCode::Missing, "one of these sites does not exist");
    }
    if let Reach::Some(departments) = &scope.departments
        && !ids(departments.iter().map(DocumentId::as_str).collect(), Kind::Department)
    {
        wrong("scope.departments", ProblemCode::Missing, "one of these departments does not exist");
    }
    scope
}

/// What is wrong when somebody gives what they have not got.
pub(super) fn ungranted(error: &GrantError, rights_field: &str) -> Problem {
    let field = match error {
        GrantError::Rights(_) => rights_field,
        GrantError::Scope => "scope",
        GrantError::Disabled => "",
    };
    Problem { field: field.to_owned(), code: ProblemCode::NotGranted, remedy: error.to_string() }
}

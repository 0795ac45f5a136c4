//! Who may write a document: by its kind, by the site and department it is for, and a role also by what it gives.

use serde_json::Value;
use wire::{AgentId, SiteId};

use super::{Reach, Right, RightNames, Staff, Subject, may};
use crate::{DocumentId, DocumentKey, Kind};

/// For which site and department a document is; none means all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The site.
    pub site: Option<SiteId>,
    /// The department.
    pub department: Option<DocumentId>,
}

impl Part {
    /// Of a body that need not be right: what cannot be read counts as none, so as all.
    #[must_use]
    pub fn of_body(kind: Kind, id: &DocumentId, body: &Value) -> Self {
        Self::of(kind, id, body["site"].as_str(), body["department"].as_str())
    }

    /// Of a document that names these. A site and a department are for themselves.
    #[must_use]
    pub fn of(kind: Kind, id: &DocumentId, site: Option<&str>, department: Option<&str>) -> Self {
        let site = if kind == Kind::Site { Some(id.as_str()) } else { site };
        let department = if kind == Kind::Department { Some(id.as_str()) } else { department };
        Self {
            site: site.and_then(|site| site.parse().ok()),
            department: department.and_then(|department| department.parse().ok()),
        }
    }

    /// As what rights are asked for.
    #[must_use]
    pub const fn subject(&self, kind: Kind) -> Subject<'_> {
        Subject::Document { kind, site: self.site.as_ref(), department: self.department.as_ref() }
    }
}

/// Whether somebody may have a document with this body, before or after a change. An agent's own reply takes no more than reading replies does, and nobody
/// makes a role of rights that they do not have everywhere.
#[must_use]
pub fn may_write(staff: &Staff, agent: Option<AgentId>, key: &DocumentKey, body: &Value) -> bool {
    let part = Part::of_body(key.kind, &key.id, body);
    let subject = part.subject(key.kind);
    let is_own = || agent.is_some_and(|agent| body["agent"].as_str() == Some(&agent.to_string()));
    let is_allowed = may(staff, Right::to_change(key.kind), &subject)
        || (key.kind == Kind::Reply && is_own() && may(staff, Right::to_read(key.kind), &subject));
    let names = body["rights"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let rights = names.collect::<RightNames>().known;
    is_allowed && (key.kind != Kind::Role || (staff.rights.covers(rights) && staff.scope.is_everywhere()))
}

/// Whether somebody may add a document of a kind: for all sites and departments, or for one of theirs.
#[must_use]
pub fn may_add(staff: &Staff, kind: Kind) -> bool {
    let has = |name: &str| kind.schema().fields.iter().any(|field| field.name == name);
    let sites: Vec<Option<&SiteId>> = match &staff.scope.sites {
        Reach::Some(sites) if has("site") => sites.iter().map(Some).collect(),
        Reach::Some(_) | Reach::All => vec![None],
    };
    let departments: Vec<Option<&DocumentId>> = match &staff.scope.departments {
        Reach::Some(departments) if has("department") => departments.iter().map(Some).collect(),
        Reach::Some(_) | Reach::All => vec![None],
    };
    let mut places = sites.iter().flat_map(|site| departments.iter().map(move |department| (*site, *department)));
    places.any(|(site, department)| may(staff, Right::to_change(kind), &Subject::Document { kind, site, department }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{BuiltInRole, RightSet, Scope};

    fn staff(sites: Option<&[&str]>, departments: Option<&[&str]>) -> Staff {
        let reach = |ids: &[&str]| ids.iter().map(|id| id.parse().expect("an id")).collect();
        let sites =
            sites.map_or(Reach::All, |ids| Reach::Some(ids.iter().map(|id| id.parse().expect("an id")).collect()));
        let departments = departments.map_or(Reach::All, |ids| Reach::Some(reach(ids)));
        Staff::new([RightSet::ALL], Scope { sites, departments })
    }

    #[test]
    fn what_may_be_added_depends_on_where_rights_count() {
        let (all, one_site) = (staff(None, None), staff(Some(&["demo"]), None));
        let (no_site, one_department) = (staff(Some(&[]), None), staff(None, Some(&["vip"])));
        let agent = Staff::new([BuiltInRole::Agent.rights()], Scope::EVERYWHERE);
        for (kind, allowed) in [
            (Kind::Site, [true, false, false, false, false]),
            (Kind::Department, [true, true, false, false, false]),
            (Kind::Hours, [true, true, false, false, false]),
            (Kind::Notice, [true, true, false, false, false]),
            (Kind::Role, [true, false, false, false, false]),
        ] {
            let found = [&all, &one_site, &no_site, &one_department, &agent].map(|staff| may_add(staff, kind));
            assert_eq!(found, allowed, "{kind}");
        }
    }

    #[test]
    fn a_document_is_written_where_rights_count() {
        let (all, one) = (staff(None, None), staff(Some(&["demo"]), None));
        let few = Staff::new([RightSet::of(&[Right::RoleEdit])], Scope::EVERYWHERE);
        let cases = [
            (&all, Kind::Notice, json!({}), true),
            (&one, Kind::Notice, json!({}), false),
            (&one, Kind::Notice, json!({ "site": "demo" }), true),
            (&one, Kind::Notice, json!({ "site": "other" }), false),
            (&one, Kind::Notice, json!({ "site": "no id" }), false),
            (&one, Kind::Role, json!({ "rights": ["conversation_read"] }), false),
            (&all, Kind::Role, json!({ "rights": ["conversation_read"] }), true),
            (&few, Kind::Role, json!({ "rights": ["conversation_read"] }), false),
            (&few, Kind::Role, json!({ "rights": ["role_edit"] }), true),
        ];
        for (staff, kind, body, allowed) in cases {
            let key = DocumentKey { kind, id: "a".parse().expect("an id") };
            assert_eq!(may_write(staff, None, &key, &body), allowed, "{kind} {body}");
        }
    }

    #[test]
    fn an_agents_own_reply_takes_no_more_than_reading_replies() {
        let reader = Staff::new([RightSet::of(&[Right::to_read(Kind::Reply)])], Scope::EVERYWHERE);
        let (me, other) = (AgentId(1), AgentId(2));
        let key = DocumentKey { kind: Kind::Reply, id: "a".parse().expect("an id") };
        for (agent, body, allowed) in [
            (Some(me), json!({ "agent": me.to_string() }), true),
            (Some(other), json!({ "agent": me.to_string() }), false),
            (None, json!({ "agent": me.to_string() }), false),
            (Some(me), json!({}), false),
        ] {
            assert_eq!(may_write(&reader, agent, &key, &body), allowed, "{body}");
        }
    }
}

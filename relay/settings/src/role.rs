//! The kind `role`: a set of rights with a name. Three are built in and are no documents: they cannot be changed or removed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::body::Body;
use crate::right::{Reach, Right, RightNames, RightSet, Scope, Staff};
use crate::site::Site;
use crate::{Document, DocumentId, DocumentKey, Kind, Schema, Shape, Snapshot};

/// A role that is always there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BuiltInRole {
    /// Answers visitors.
    Agent,
    /// Also watches over others.
    Supervisor,
    /// May do everything, also what later versions add.
    Administrator,
}

const AGENT: RightSet = RightSet::of(&[
    Right::ConversationRead,
    Right::ConversationSearch,
    Right::ConversationNote,
    Right::ConversationAnswer,
    Right::ConversationTransfer,
    Right::ConversationEnd,
    Right::ConversationClassify,
    Right::TranscriptExport,
    Right::FileOpen,
    Right::VisitorRead,
    Right::PresenceRead,
]);

const SUPERVISOR: RightSet = AGENT.union(RightSet::of(&[
    Right::ConversationJoin,
    Right::ConversationReleaseAny,
    Right::ConversationTakeOver,
    Right::ConversationAssign,
    Right::ConversationEndAny,
    Right::ConversationEndMany,
    Right::ConversationPrioritize,
    Right::ConversationMerge,
    Right::VisitorBlock,
    Right::FloodDeclare,
    Right::BoardRead,
    Right::BoardSteer,
    Right::ReportRead,
    Right::ReportExport,
    Right::SettingsRead,
    Right::SettingsDesk,
    Right::StaffRead,
]));

impl BuiltInRole {
    /// All of them; each has every right of the one before.
    pub const ALL: [Self; 3] = [Self::Agent, Self::Supervisor, Self::Administrator];

    /// Its id, which no document of the kind `role` may have.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Supervisor => "supervisor",
            Self::Administrator => "administrator",
        }
    }

    /// The same as the id that a person's record names.
    ///
    /// # Panics
    /// Never: its id has the shape of a document's.
    #[must_use]
    pub fn document_id(self) -> DocumentId {
        self.id().parse().expect("a built-in role's id is 1 to 40 of a-z, 0-9 and -")
    }

    /// The one with this id.
    #[must_use]
    pub fn with_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.id() == id)
    }

    /// What it may do.
    #[must_use]
    pub const fn rights(self) -> RightSet {
        match self {
            Self::Agent => AGENT,
            Self::Supervisor => SUPERVISOR,
            Self::Administrator => RightSet::ALL,
        }
    }
}

/// The greatest built-in role among these, as colleagues are shown it; the least when there is none.
#[must_use]
pub fn shown_role<'a>(roles: impl IntoIterator<Item = &'a DocumentId>) -> wire::Role {
    match roles.into_iter().filter_map(|id| BuiltInRole::with_id(id.as_str())).max() {
        None | Some(BuiltInRole::Agent) => wire::Role::Agent,
        Some(BuiltInRole::Supervisor) => wire::Role::Supervisor,
        Some(BuiltInRole::Administrator) => wire::Role::Administrator,
    }
}

/// Characters of a role's name.
const NAME_CHARS_MAX: usize = 80;
/// Days in which somebody may still sign in without a second factor.
pub(crate) const GRACE_DAYS_MAX: u64 = 90;

/// A set of rights with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Its name, for people.
    pub name: String,
    /// What it allows.
    pub rights: RightSet,
    /// Whether whoever has it must sign in with a second factor; none does not ask for one.
    pub second_factor: Option<SecondFactor>,
}

/// That a second factor is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondFactor {
    /// For so many days after the role was given one may still sign in without.
    pub grace_days: u32,
}

impl Body for Role {
    const KIND: Kind = Kind::Role;
    const CHANGED_BY: Right = Right::RoleEdit;
    const READ_BY: Right = Right::StaffRead;
    const IDS_RESERVED: &[&str] =
        &[BuiltInRole::Agent.id(), BuiltInRole::Supervisor.id(), BuiltInRole::Administrator.id()];

    fn schema() -> Schema {
        let second_factor = Schema::new().required("grace_days", Shape::Number { min: 0, max: GRACE_DAYS_MAX });
        Schema::new()
            .required("name", Shape::Line { chars_max: NAME_CHARS_MAX })
            .read()
            .required("rights", Shape::Choice(Right::NAMES).list_of(1, Right::ALL.len()))
            .read()
            .optional("second_factor", second_factor.group())
            .read()
    }

    fn names(&self) -> Vec<(&'static str, String)> {
        vec![("name", self.name.to_lowercase())]
    }
}

/// What a role gives to those who have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The rights; names that this version does not know are reported and give nothing.
    pub rights: RightNames,
    /// Whether it asks for a second factor.
    pub second_factor: Option<SecondFactor>,
}

/// What the role of this id gives: a built-in one, or a document. One that a newer relay has written, so that this one cannot read all of it, still
/// gives the rights that are known here; a second factor that cannot be read is asked for at once. None when there is no such role.
#[must_use]
pub fn granted(snapshot: &Snapshot, id: &DocumentId) -> Option<Granted> {
    if let Some(role) = BuiltInRole::with_id(id.as_str()) {
        let rights = RightNames { known: role.rights(), ..RightNames::default() };
        return Some(Granted { rights, second_factor: None });
    }
    let document = snapshot.document(&DocumentKey { kind: Kind::Role, id: id.clone() })?;
    let body = document.value();
    let rights = body["rights"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let second_factor = (!body["second_factor"].is_null()).then(|| {
        let days = body["second_factor"]["grace_days"].as_u64().filter(|days| *days <= GRACE_DAYS_MAX);
        SecondFactor { grace_days: days.and_then(|days| u32::try_from(days).ok()).unwrap_or(0) }
    });
    Some(Granted { rights, second_factor })
}

/// The second factor that a role asks of whoever has it in a scope. A role of one's own says it itself, a built-in one is asked about at every site that the
/// scope reaches, and the shortest time counts. What cannot be read is asked for at once.
#[must_use]
pub fn second_factor_of(snapshot: &Snapshot, id: &DocumentId, scope: &Scope) -> Option<SecondFactor> {
    let Some(role) = BuiltInRole::with_id(id.as_str()) else { return granted(snapshot, id)?.second_factor };
    let is_reached = |site: &DocumentId| match &scope.sites {
        Reach::All => true,
        Reach::Some(sites) => sites.iter().any(|one| one.as_str() == site.as_str()),
    };
    let days = |(id, document): (&DocumentId, &Document)| match snapshot.get::<Site>(id) {
        Some(site) => site.second_factor.of(role),
        // A newer relay wrote it.
        None => {
            let body = document.value();
            let days = &body["second_factor"][[role.id(), "_grace_days"].concat()];
            let read = days.as_u64().and_then(|days| u32::try_from(days).ok());
            (!days.is_null()).then(|| read.unwrap_or(0))
        }
    };
    let sites = snapshot.of_kind(Kind::Site).filter(|(site, _)| is_reached(site));
    sites.filter_map(days).min().map(|grace_days| SecondFactor { grace_days })
}

/// What somebody with these roles may do in a scope. A role that does not exist gives nothing.
#[must_use]
pub fn staff_with<'a>(snapshot: &Snapshot, roles: impl IntoIterator<Item = &'a DocumentId>, scope: Scope) -> Staff {
    Staff::new(roles.into_iter().filter_map(|id| Some(granted(snapshot, id)?.rights.known)), scope)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Change, ProblemCode};

    fn key(id: &str) -> DocumentKey {
        DocumentKey { kind: Kind::Role, id: id.parse().expect("an id") }
    }

    #[test]
    fn a_role_is_put_and_gives_its_rights() {
        let body = json!({ "name": "Reviewer", "rights": ["conversation_read", "report_read"], "second_factor": { "grace_days": 7 } });
        let snapshot = Snapshot::default().with([Change::put(key("reviewer"), body)]).expect("a role");
        let granted = granted(&snapshot, &key("reviewer").id).expect("it is there");
        let expected = RightSet::of(&[Right::ConversationRead, Right::ReportRead]);
        assert_eq!((granted.rights.known, granted.rights.unknown.len()), (expected, 0));
        assert_eq!(granted.second_factor, Some(SecondFactor { grace_days: 7 }));
        let both = [key("reviewer").id, key("agent").id, key("nobody").id];
        let staff = staff_with(&snapshot, &both, Scope::EVERYWHERE);
        assert_eq!(staff.rights, expected.union(BuiltInRole::Agent.rights()));
        assert_eq!(staff_with(&snapshot, [], Scope::EVERYWHERE).rights, RightSet::NONE);
    }

    #[test]
    fn built_in_roles_are_no_documents() {
        let body = json!({ "name": "Mine", "rights": ["audit_read"] });
        for role in BuiltInRole::ALL {
            let problems = Snapshot::default().with([Change::put(key(role.id()), body.clone())]).expect_err("reserved");
            assert_eq!(problems[0].1[0].code, ProblemCode::Taken, "{role:?}");
            let problems = Snapshot::default().with([Change::remove(key(role.id()))]).expect_err("not there");
            assert_eq!(problems[0].1[0].code, ProblemCode::Missing, "{role:?}");
            // Whatever a store holds, the built-in one counts.
            let stored = Snapshot::build(1, [(key(role.id()), 1, body.clone())]);
            assert_eq!(granted(&stored, &key(role.id()).id).expect("built in").rights.known, role.rights());
        }
    }

    #[test]
    fn a_site_asks_built_in_roles_for_a_second_factor() {
        let site = |id: &str| DocumentKey { kind: Kind::Site, id: id.parse().expect("an id") };
        let with = |days: Value| json!({ "name": "A", "second_factor": days });
        let sites = [
            (site("one"), with(json!({ "administrator_grace_days": 7, "agent_grace_days": 30 }))),
            (site("two"), with(json!({ "administrator_grace_days": 3 }))),
            (site("three"), json!({ "name": "C" })),
        ];
        let changes = sites.clone().map(|(key, body)| Change::put(key, body));
        let snapshot = Snapshot::default().with(changes).expect("right");
        let newer = json!({ "name": "D", "new": 1, "second_factor": { "supervisor_grace_days": "soon" } });
        let stored = sites.into_iter().chain([(site("four"), newer)]).map(|(key, body)| (key, 1, body));
        let newer = Snapshot::build(1, stored);
        let within = |sites: &[&str]| {
            let sites = sites.iter().map(|id| id.parse().expect("an id")).collect();
            Scope { sites: Reach::Some(sites), departments: Reach::All }
        };
        for (snapshot, role, scope, days) in [
            (&snapshot, "administrator", Scope::EVERYWHERE, Some(3)),
            (&snapshot, "administrator", within(&["one"]), Some(7)),
            (&snapshot, "administrator", within(&["three"]), None),
            (&snapshot, "agent", Scope::EVERYWHERE, Some(30)),
            (&snapshot, "agent", within(&["two", "three"]), None),
            (&snapshot, "supervisor", Scope::EVERYWHERE, None),
            (&newer, "supervisor", Scope::EVERYWHERE, Some(0)),
            (&newer, "agent", Scope::EVERYWHERE, Some(30)),
            (&snapshot, "nobody", Scope::EVERYWHERE, None),
        ] {
            let found = second_factor_of(snapshot, &key(role).id, &scope);
            assert_eq!(found, days.map(|grace_days| SecondFactor { grace_days }), "{role} {scope:?}");
        }
        for role in BuiltInRole::ALL {
            let id = role.document_id();
            assert_eq!(granted(&snapshot, &id).expect("built in").rights.known, role.rights(), "what it may do stays");
        }
    }

    #[test]
    fn wrong_roles_are_refused() {
        for (body, field, code) in [
            (json!({ "name": "A", "rights": ["fly"] }), "rights.0", ProblemCode::Shape),
            (json!({ "name": "A", "rights": [] }), "rights", ProblemCode::Required),
            (json!({ "name": "A", "rights": ["audit_read", "audit_read"] }), "rights.1", ProblemCode::Taken),
            (
                json!({ "name": "A", "rights": ["audit_read"], "second_factor": { "grace_days": 91 } }),
                "second_factor.grace_days",
                ProblemCode::OutOfRange,
            ),
            (
                json!({ "name": "A", "rights": ["audit_read"], "second_factor": {} }),
                "second_factor.grace_days",
                ProblemCode::Required,
            ),
        ] {
            let problems = Snapshot::default().with([Change::put(key("a"), body.clone())]).expect_err("wrong");
            let found: Vec<_> = problems[0].1.iter().map(|found| (found.field.as_str(), found.code)).collect();
            assert_eq!(found, [(field, code)], "{body}");
        }
    }

    #[test]
    fn a_role_of_a_newer_relay_gives_what_is_known_here() {
        let body = |factor| json!({ "name": "A", "rights": ["visitor_teleport", "file_open"], "second_factor": factor, "new": 1 });
        for (factor, expected) in [
            (json!(null), None),
            (json!({ "grace_days": 3 }), Some(SecondFactor { grace_days: 3 })),
            (json!({ "grace_days": 3_000 }), Some(SecondFactor { grace_days: 0 })),
            (json!("passkey"), Some(SecondFactor { grace_days: 0 })),
        ] {
            let snapshot = Snapshot::build(1, [(key("a"), 1, body(factor))]);
            assert!(snapshot.problems().next().is_some(), "it is reported");
            let granted = granted(&snapshot, &key("a").id).expect("it is there");
            assert_eq!(granted.rights.known, RightSet::of(&[Right::FileOpen]));
            assert_eq!(granted.rights.unknown, ["visitor_teleport".to_owned()].into());
            assert_eq!(granted.second_factor, expected);
        }
    }
}

//! Tests of rights: a table of decisions written by hand, and what holds for all of them.

use std::collections::BTreeSet;

use proptest::collection::btree_set;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use wire::SiteId;

use super::*;
use crate::{BuiltInRole, DocumentId};

fn site(id: &str) -> SiteId {
    id.parse().expect("an id")
}

fn department(id: &str) -> DocumentId {
    id.parse().expect("an id")
}

/// `"*"` is all; else names with blanks between.
fn scope(sites: &str, departments: &str) -> Scope {
    let sites = match sites {
        "*" => Reach::All,
        some => Reach::Some(some.split_whitespace().map(site).collect()),
    };
    let departments = match departments {
        "*" => Reach::All,
        some => Reach::Some(some.split_whitespace().map(department).collect()),
    };
    Scope { sites, departments }
}

fn staff(role: BuiltInRole, sites: &str, departments: &str) -> Staff {
    Staff::new([role.rights()], scope(sites, departments))
}

#[test]
fn names_are_unique_and_read_back() {
    let names: BTreeSet<_> = Right::ALL.iter().map(|right| right.as_str()).collect();
    assert_eq!(names.len(), Right::ALL.len());
    for right in Right::ALL {
        assert_eq!(right.as_str().parse(), Ok(*right));
        assert_eq!(serde_json::to_string(right).expect("JSON"), format!("\"{right}\""));
    }
    assert_eq!("conversation_juggle".parse::<Right>(), Err(RightError));
}

#[test]
fn sets_are_lists_of_names() {
    let json = r#"["file_open","conversation_read","file_open"]"#;
    let set: RightSet = serde_json::from_str(json).expect("a list of names");
    assert_eq!(set, RightSet::of(&[Right::ConversationRead, Right::FileOpen]));
    assert_eq!(serde_json::to_string(&set).expect("JSON"), r#"["conversation_read","file_open"]"#);
    assert!(serde_json::from_str::<RightSet>(r#"["visitor_teleport"]"#).is_err());
}

#[test]
fn a_name_of_a_newer_version_gives_no_right_and_is_reported() {
    let names: RightNames = ["visitor_teleport", "file_open"].iter().collect();
    assert_eq!(names.known, RightSet::of(&[Right::FileOpen]));
    assert_eq!(names.unknown, ["visitor_teleport".to_owned()].into());
}

#[test]
fn scopes_are_written_as_a_word_or_a_list() {
    let some = scope("a b", "*");
    let json = r#"{"sites":["a","b"],"departments":"all"}"#;
    assert_eq!(serde_json::to_string(&some).expect("JSON"), json);
    assert_eq!(serde_json::from_str::<Scope>(json).expect("a scope"), some);
    for bad in [r#"{"sites":"none","departments":"all"}"#, r#"{"sites":"all"}"#, r#"{"sites":["A"],"departments":[]}"#]
    {
        assert!(serde_json::from_str::<Scope>(bad).is_err(), "{bad}");
    }
}

/// What each built-in role may do in today's frames and routes, as `docs/desk.md` lists it.
#[test]
fn built_in_roles_may_do_what_roles_may_do_today() {
    let all = [true; 3];
    let above = [false, true, true];
    for (right, expected) in [
        (Right::ConversationRead, all),
        (Right::ConversationSearch, all),
        (Right::ConversationNote, all),
        (Right::ConversationAnswer, all),
        (Right::ConversationEnd, all),
        (Right::TranscriptExport, all),
        (Right::FileOpen, all),
        (Right::VisitorRead, all),
        (Right::PresenceRead, all),
        (Right::ConversationEndAny, above),
        (Right::ConversationReleaseAny, above),
        (Right::ConversationEndMany, above),
        (Right::VisitorBlock, above),
        (Right::FloodDeclare, above),
    ] {
        let roles = BuiltInRole::ALL;
        assert_eq!(roles.map(|role| role.rights().has(right)), expected, "{right}");
    }
    assert_eq!(BuiltInRole::Administrator.rights(), RightSet::ALL);
    for (lesser, greater) in BuiltInRole::ALL.iter().zip(&BuiltInRole::ALL[1..]) {
        assert!(greater.rights().covers(lesser.rights()) && greater.rights() != lesser.rights());
    }
}

#[test]
fn a_table_of_decisions() {
    use BuiltInRole::{Administrator, Agent, Supervisor};
    let (a, b) = (site("a"), site("b"));
    let (cards, fees) = (department("cards"), department("fees"));
    let conversation = |site, department| Subject::Conversation { site, department };
    let document = |kind, site, department| Subject::Document { kind, site, department };
    let agent = staff(Agent, "a", "cards");
    let supervisor = staff(Supervisor, "*", "*");
    for (who, right, subject, expected) in [
        // conversations: of the site and of the department
        (staff(Agent, "*", "*"), Right::ConversationRead, conversation(&a, None), true),
        (staff(Agent, "a", "*"), Right::ConversationRead, conversation(&a, None), true),
        (staff(Agent, "a", "*"), Right::ConversationRead, conversation(&b, None), false),
        (staff(Agent, "a", "cards"), Right::ConversationRead, conversation(&a, Some(&cards)), true),
        (staff(Agent, "a", "cards"), Right::ConversationRead, conversation(&a, Some(&fees)), false),
        (staff(Agent, "a", "cards"), Right::ConversationRead, conversation(&a, None), false),
        (staff(Agent, "a", "cards"), Right::ConversationRead, conversation(&b, Some(&cards)), false),
        (staff(Agent, "", "*"), Right::ConversationRead, conversation(&a, None), false),
        (staff(Agent, "a", "*"), Right::ConversationEndAny, conversation(&a, None), false),
        (staff(Supervisor, "a", "*"), Right::ConversationEndAny, conversation(&a, None), true),
        (staff(Supervisor, "a", "fees"), Right::ReportRead, Subject::Part { site: &a, department: None }, false),
        (staff(Supervisor, "a", "fees"), Right::ReportRead, Subject::Part { site: &a, department: Some(&fees) }, true),
        (Staff { disabled: true, ..staff(Administrator, "*", "*") }, Right::AuditRead, Subject::Relay, false),
        // visitors: of the site
        (staff(Agent, "a", "cards"), Right::VisitorRead, Subject::Visitor { site: &a }, true),
        (staff(Agent, "a", "cards"), Right::VisitorRead, Subject::Visitor { site: &b }, false),
        (staff(Supervisor, "a", "*"), Right::VisitorErase, Subject::Visitor { site: &a }, false),
        // documents: by the right of their kind, reading wider than changing
        (staff(Agent, "a", "cards"), Right::ConversationRead, document(Kind::Reply, None, None), true),
        (staff(Agent, "a", "cards"), Right::ConversationRead, document(Kind::Reply, Some(&b), None), false),
        (staff(Agent, "a", "cards"), Right::ConversationRead, document(Kind::Site, Some(&a), None), false),
        (staff(Supervisor, "a", "*"), Right::SettingsRead, document(Kind::Site, Some(&a), None), true),
        (staff(Supervisor, "a", "*"), Right::SettingsDesk, document(Kind::Reply, Some(&a), None), true),
        (staff(Supervisor, "a", "*"), Right::SettingsDesk, document(Kind::Reply, None, None), false),
        (staff(Supervisor, "a", "cards"), Right::SettingsDesk, document(Kind::Label, Some(&a), Some(&cards)), true),
        (staff(Supervisor, "a", "cards"), Right::SettingsDesk, document(Kind::Label, Some(&a), None), false),
        (staff(Administrator, "*", "*"), Right::SettingsDesk, document(Kind::Role, None, None), false),
        (staff(Administrator, "*", "*"), Right::RoleEdit, document(Kind::Role, None, None), true),
        // colleagues: seen by who shares something, changed by who has all that they have
        (staff(Supervisor, "a", "*"), Right::StaffRead, Subject::Colleague(&agent), true),
        (staff(Supervisor, "b", "*"), Right::StaffRead, Subject::Colleague(&agent), false),
        (staff(Supervisor, "a", "*"), Right::PresenceRead, Subject::Colleague(&agent), true),
        (staff(Supervisor, "b", "*"), Right::PresenceRead, Subject::Colleague(&agent), false),
        (staff(Administrator, "a", "*"), Right::StaffEdit, Subject::Colleague(&agent), true),
        (staff(Administrator, "b", "*"), Right::StaffEdit, Subject::Colleague(&agent), false),
        (staff(Administrator, "a", "*"), Right::SessionEdit, Subject::Colleague(&supervisor), false),
        (staff(Administrator, "*", "*"), Right::SessionEdit, Subject::Colleague(&supervisor), true),
        // what belongs to no site
        (staff(Administrator, "*", "*"), Right::AuditRead, Subject::Relay, true),
        (staff(Administrator, "a", "*"), Right::AuditRead, Subject::Relay, false),
        (staff(Supervisor, "*", "*"), Right::FloodDeclare, Subject::Relay, true),
        (staff(Supervisor, "*", "*"), Right::AuditRead, Subject::Relay, false),
    ] {
        assert_eq!(may(&who, right, &subject), expected, "{right} of {subject:?} by {who:?}");
    }
}

#[test]
fn every_kind_has_a_right_that_changes_it_and_is_not_the_one_that_reads_it() {
    for kind in Kind::ALL {
        assert_ne!(Right::to_change(*kind), Right::to_read(*kind), "{kind}");
        assert_ne!(Right::to_change(*kind), Right::SettingsRead, "{kind}");
    }
}

#[test]
fn nobody_grants_what_they_do_not_have() {
    use BuiltInRole::{Administrator, Agent, Supervisor};
    let disabled = Staff { disabled: true, ..staff(Administrator, "*", "*") };
    let missing = BuiltInRole::Supervisor.rights().without(BuiltInRole::Agent.rights());
    for (giver, receiver, expected) in [
        (staff(Administrator, "*", "*"), staff(Administrator, "*", "*"), Ok(())),
        (staff(Supervisor, "a", "*"), staff(Agent, "a", "cards"), Ok(())),
        (staff(Supervisor, "a", "*"), staff(Agent, "*", "cards"), Err(GrantError::Scope)),
        (staff(Supervisor, "a", "cards"), staff(Agent, "a", "*"), Err(GrantError::Scope)),
        (staff(Agent, "*", "*"), staff(Supervisor, "a", "*"), Err(GrantError::Rights(missing))),
        (disabled, staff(Agent, "a", "*"), Err(GrantError::Disabled)),
    ] {
        assert_eq!(grants(&giver, &receiver), expected, "{giver:?} to {receiver:?}");
    }
    let said = GrantError::Rights(RightSet::of(&[Right::KeyEdit, Right::AuditRead])).to_string();
    assert!(said.ends_with("key_edit, audit_read"), "{said}");
}

#[test]
fn the_last_administrator_remains() {
    use BuiltInRole::{Administrator, Supervisor};
    let whole = staff(Administrator, "*", "*");
    let one_right_less = Staff { rights: RightSet::ALL.without(RightSet::of(&[Right::AuditRead])), ..whole.clone() };
    let disabled = Staff { disabled: true, ..whole.clone() };
    let others = [staff(Supervisor, "*", "*"), staff(Administrator, "a", "*"), disabled, one_right_less];
    assert!(!administrator_remains(&others), "none of these can give every right to anybody");
    assert!(administrator_remains(others.iter().chain([&whole])));
    let halves = [RightSet::of(&[Right::AuditRead]), RightSet::ALL.without(RightSet::of(&[Right::AuditRead]))];
    assert!(administrator_remains([&Staff::new(halves, Scope::EVERYWHERE)]), "by two roles together");
}

const IDS: [&str; 4] = ["a", "b", "c", "d"];

fn any_rights() -> impl Strategy<Value = RightSet> {
    subsequence(Right::ALL, 0..=Right::ALL.len()).prop_map(|rights| RightSet::of(&rights))
}

fn any_scope() -> impl Strategy<Value = Scope> {
    let ids = || proptest::option::of(btree_set(select(&IDS[..]), 0..4));
    (ids(), ids()).prop_map(|(sites, departments)| {
        let all = |ids: Option<BTreeSet<&str>>| ids.map_or("*".to_owned(), |ids| Vec::from_iter(ids).join(" "));
        scope(&all(sites), &all(departments))
    })
}

fn any_staff() -> impl Strategy<Value = Staff> {
    (any_rights(), any_scope(), any::<bool>()).prop_map(|(rights, scope, disabled)| Staff { rights, scope, disabled })
}

/// A subject with what it borrows.
#[derive(Clone, Debug)]
struct Owned {
    which: usize,
    site: SiteId,
    is_of_site: bool,
    department: Option<DocumentId>,
    kind: Kind,
    colleague: Staff,
}

impl Owned {
    fn subject(&self) -> Subject<'_> {
        let (site, department) = (&self.site, self.department.as_ref());
        match self.which {
            0 => Subject::Conversation { site, department },
            1 => Subject::Part { site, department },
            2 => Subject::Visitor { site },
            3 => Subject::Document { kind: self.kind, site: self.is_of_site.then_some(site), department },
            4 => Subject::Colleague(&self.colleague),
            _ => Subject::Relay,
        }
    }
}

fn any_subject() -> impl Strategy<Value = Owned> {
    let of = proptest::option::of(select(&IDS[..]));
    (0..6_usize, select(&IDS[..]), any::<bool>(), of, select(Kind::ALL), any_staff()).prop_map(
        |(which, id, is_of_site, of, kind, colleague)| Owned {
            which,
            site: site(id),
            is_of_site,
            department: of.map(department),
            kind,
            colleague,
        },
    )
}

proptest! {
    #[test]
    fn more_rights_and_more_scope_never_allow_less(
        who in any_staff(), more in any_rights(), right in select(Right::ALL), about in any_subject(),
    ) {
        let before = may(&who, right, &about.subject());
        let richer = Staff { rights: who.rights.union(more), ..who.clone() };
        prop_assert!(!before || may(&richer, right, &about.subject()));
        let wider = Staff { scope: Scope::EVERYWHERE, ..who };
        prop_assert!(!before || may(&wider, right, &about.subject()));
    }

    #[test]
    fn without_the_right_or_disabled_nothing_is_allowed(
        who in any_staff(), right in select(Right::ALL), about in any_subject(),
    ) {
        let without = Staff { rights: who.rights.without(RightSet::of(&[right])), ..who.clone() };
        prop_assert!(!may(&without, right, &about.subject()));
        let disabled = Staff { disabled: true, ..who };
        prop_assert!(!may(&disabled, right, &about.subject()));
    }

    #[test]
    fn out_of_scope_nothing_is_allowed(departments in any_scope(), right in select(Right::ALL), about in any_subject()) {
        let mut elsewhere: BTreeSet<_> = IDS.iter().map(|id| site(id)).collect();
        elsewhere.remove(&about.site);
        let elsewhere = Scope { sites: Reach::Some(elsewhere), ..departments };
        let who = Staff::new([RightSet::ALL], elsewhere);
        let about = Owned { is_of_site: true, ..about };
        if about.which < 4 || about.which == 5 {
            prop_assert!(!may(&who, right, &about.subject()));
        }
    }

    #[test]
    fn whoever_changes_a_colleague_could_have_made_them(
        who in any_staff(), other in any_staff(), right in select(Right::ALL),
    ) {
        if may(&who, right, &Subject::Colleague(&other)) && ![Right::StaffRead, Right::BoardRead, Right::PresenceRead].contains(&right) {
            prop_assert_eq!(grants(&who, &other), Ok(()));
            prop_assert!(who.rights.covers(other.rights) && who.scope.covers(&other.scope));
        }
    }

    #[test]
    fn what_is_granted_never_exceeds_the_giver(
        giver in any_staff(), receiver in any_staff(), right in select(Right::ALL), about in any_subject(),
    ) {
        if grants(&giver, &receiver).is_ok() {
            prop_assert!(!may(&receiver, right, &about.subject()) || may(&giver, right, &about.subject()));
        }
    }

    #[test]
    fn sets_read_back(rights in any_rights()) {
        let json = serde_json::to_string(&rights).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<RightSet>(&json).expect("a set"), rights);
        prop_assert_eq!(rights.iter().collect::<RightSet>(), rights);
    }
}

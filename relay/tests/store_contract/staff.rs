//! The contract of agents' rights: what a record names is there and stays, and an administrator remains, whoever changes what.

use std::collections::BTreeMap;

use relay::audit::{By, Who};
use relay::store::{
    AgentRecord, DocumentChange, DocumentWrite, DocumentsChange, DocumentsError, Expected, InvitationRecord, Invited,
    RecordReader, ServiceKeyRecord, StoreError, TokenHash, site_key, write_once,
};
use relay_settings::{BuiltInRole, DocumentId, DocumentKey, Kind, Reach, Right, Scope};
use wire::{AgentId, InvitationId, ServiceKeyId};

use crate::fixture::{KIM, LEE, site};
use crate::records::{Records, agent};
use crate::session::session;

fn id(id: &str) -> DocumentId {
    id.parse().unwrap()
}

fn key(kind: Kind, name: &str) -> DocumentKey {
    DocumentKey { kind, id: id(name) }
}

fn with_roles(agent: AgentRecord, roles: &[&str]) -> AgentRecord {
    AgentRecord { roles: roles.iter().map(|role| id(role)).collect(), ..agent }
}

fn put_agent(world: &mut Records, agent: &AgentRecord) -> Result<(), StoreError> {
    write_once(&mut *world.writer, |writer| writer.put_agent(agent))
}

fn change(world: &mut Records, changes: &[(&DocumentKey, Option<&str>)]) -> Result<u64, DocumentsError> {
    let changes = changes.iter().map(|(key, body)| {
        let write = match body {
            Some(body) => DocumentWrite::Put { site: None, body: (*body).to_owned() },
            None => DocumentWrite::Remove { keep: true },
        };
        ((*key).clone(), DocumentChange { expected: Expected::Any, write })
    });
    let changes: BTreeMap<_, _> = changes.collect();
    let change = DocumentsChange { checked_at: None, changes, by: By::command_line(1) };
    let tried = write_once(&mut *world.writer, |writer| writer.try_documents(&change));
    let changed = write_once(&mut *world.writer, |writer| writer.change_documents(&change));
    assert_eq!(tried, changed.clone().map(drop), "what is tried is answered the same");
    changed
}

fn all_rights() -> String {
    serde_json::json!({ "name": "All", "rights": Right::NAMES }).to_string()
}

pub(crate) fn roles_and_scope_read_back_as_they_were(mut world: Records) {
    change(&mut world, &[(&key(Kind::Department, "cards"), Some("{}")), (&key(Kind::Hours, "nights"), Some("{}"))])
        .unwrap();
    for (roles, sites, departments, hours) in [
        (&["agent"][..], Reach::All, Reach::All, None),
        (&["agent", "supervisor"], Reach::Some([site("demo"), site("other")].into()), Reach::All, None),
        (&["administrator"], Reach::All, Reach::Some([id("cards")].into()), Some(id("nights"))),
        (&[], Reach::Some([].into()), Reach::Some([].into()), None),
    ] {
        let scope = Scope { sites, departments };
        let kim = AgentRecord { scope, hours, ..with_roles(agent(KIM, "kim@example.com"), roles) };
        put_agent(&mut world, &kim).unwrap();
        assert_eq!(world.reader.agent(KIM), Ok(kim));
    }
}

pub(crate) fn what_an_agent_names_is_there_and_stays(mut world: Records) {
    let named = [
        key(Kind::Role, "reviewer"),
        key(Kind::Department, "cards"),
        key(Kind::Hours, "nights"),
        site_key(&site("demo")),
    ];
    let kim = AgentRecord {
        scope: Scope { sites: Reach::Some([site("demo")].into()), departments: Reach::Some([id("cards")].into()) },
        hours: Some(id("nights")),
        ..with_roles(agent(KIM, "kim@example.com"), &["agent", "reviewer"])
    };
    for missing in &named[..3] {
        assert_eq!(put_agent(&mut world, &kim), Err(StoreError::Missing), "without {missing}");
        change(&mut world, &[(missing, Some("{}"))]).unwrap();
    }
    put_agent(&mut world, &kim).unwrap();
    put_agent(&mut world, &AgentRecord { hours: None, ..with_roles(agent(LEE, "lee@example.com"), &["reviewer"]) })
        .unwrap();
    for (key, users) in named.iter().zip([&["kim", "lee"][..], &["kim"], &["kim"], &["kim"]]) {
        let emails: Vec<_> = users.iter().map(|name| format!("{name}@example.com")).collect();
        let refused = DocumentsError::OnStaff { key: key.clone(), count: emails.len(), users: emails };
        assert_eq!(change(&mut world, &[(key, None)]), Err(refused));
        assert!(world.reader.document(key).is_ok(), "{key} is still there");
    }
    assert_eq!(change(&mut world, &[(&key(Kind::Role, "reviewer"), Some("[]"))]), Ok(6), "a change is no removal");
    let by = By::command_line(1);
    let removed = write_once(&mut *world.writer, |writer| writer.remove_site(&site("demo"), true, &by));
    assert_eq!(removed, Err(StoreError::Conflict));
    write_once(&mut *world.writer, |writer| writer.remove_agent(KIM)).unwrap();
    for key in &named[1..] {
        change(&mut world, &[(key, None)]).unwrap();
    }
}

pub(crate) fn what_keys_and_invitations_name_is_there_and_stays(mut world: Records) {
    let named = [key(Kind::Role, "reviewer"), key(Kind::Department, "cards"), site_key(&site("demo"))];
    let scope = Scope { sites: Reach::Some([site("demo")].into()), departments: Reach::Some([id("cards")].into()) };
    let invitation = InvitationRecord {
        id: InvitationId(1),
        token: TokenHash([1; 32]),
        what: Invited::Colleague {
            email: "lee@example.com".to_owned(),
            name: "Lee".to_owned(),
            roles: ["agent", "reviewer"].map(id).into(),
            scope: scope.clone(),
            capacity: 4,
        },
        made_by: Who::CommandLine,
        made_at_ms: 0,
        until_ms: 2,
    };
    let service = ServiceKeyRecord {
        id: ServiceKeyId(1),
        token: TokenHash([2; 32]),
        name: "Ledger".to_owned(),
        rights: "[]".to_owned(),
        scope: serde_json::to_string(&scope).unwrap(),
        made_by: Who::CommandLine,
        made_at_ms: 0,
        until_ms: None,
        used_at_ms: None,
        revoked_at_ms: None,
    };
    for missing in &named[..2] {
        let put = write_once(&mut *world.writer, |writer| writer.put_invitation(&invitation));
        assert_eq!(put, Err(StoreError::Missing), "without {missing}");
        change(&mut world, &[(missing, Some("{}"))]).unwrap();
    }
    let unknown = ServiceKeyRecord {
        scope: serde_json::json!({ "sites": ["none"], "departments": "all" }).to_string(),
        ..service.clone()
    };
    assert_eq!(write_once(&mut *world.writer, |writer| writer.add_service_key(&unknown)), Err(StoreError::Missing));
    write_once(&mut *world.writer, |writer| {
        writer.put_invitation(&invitation)?;
        writer.add_service_key(&service)
    })
    .unwrap();
    let refused = |key: &DocumentKey, users: &[&str]| {
        let users: Vec<_> = users.iter().map(|user| (*user).to_owned()).collect();
        Err(DocumentsError::OnStaff { key: key.clone(), count: users.len(), users })
    };
    let (invited, with_key) = ("the invitation of lee@example.com", "the key Ledger");
    for (key, users) in named.iter().zip([&[invited][..], &[with_key, invited], &[with_key, invited]]) {
        assert_eq!(change(&mut world, &[(key, None)]), refused(key, users));
    }
    // Changes of these tests are made at the time 1: then the invitation has ended.
    let ended = InvitationRecord { until_ms: 1, ..invitation };
    write_once(&mut *world.writer, |writer| writer.put_invitation(&ended)).unwrap();
    change(&mut world, &[(&named[0], None)]).unwrap();
    assert_eq!(change(&mut world, &[(&named[1], None)]), refused(&named[1], &[with_key]));
    write_once(&mut *world.writer, |writer| writer.revoke_service_key(service.id, 1)).unwrap();
    for key in &named[1..] {
        change(&mut world, &[(key, None)]).unwrap();
    }
}

pub(crate) fn an_administrator_remains_whoever_changes_what(mut world: Records) {
    let administrator = |id, email| with_roles(agent(id, email), &[BuiltInRole::Administrator.id()]);
    let (kim, lee) = (administrator(KIM, "kim@example.com"), administrator(LEE, "lee@example.com"));
    let lesser = |agent: &AgentRecord| {
        let of_one_site = Scope { sites: Reach::Some([site("demo")].into()), departments: Reach::All };
        [
            AgentRecord { disabled: true, ..agent.clone() },
            AgentRecord { scope: of_one_site, ..agent.clone() },
            with_roles(agent.clone(), &["agent", "supervisor"]),
            with_roles(agent.clone(), &[]),
        ]
    };
    for change in lesser(&kim) {
        put_agent(&mut world, &change).expect("there was no administrator before");
    }
    put_agent(&mut world, &kim).unwrap();
    for change in lesser(&kim) {
        assert_eq!(put_agent(&mut world, &change), Err(StoreError::LastAdministrator), "{change:?}");
        let removed = write_once(&mut *world.writer, |writer| writer.remove_agent(KIM));
        assert_eq!(removed, Err(StoreError::LastAdministrator));
        assert_eq!(world.reader.agent(KIM), Ok(kim.clone()));
        put_agent(&mut world, &AgentRecord { name: "Kim the Second".to_owned(), ..kim.clone() }).unwrap();
        put_agent(&mut world, &kim).unwrap();
        put_agent(&mut world, &lee).unwrap();
        put_agent(&mut world, &change).expect("another one remains");
        put_agent(&mut world, &kim).unwrap();
        write_once(&mut *world.writer, |writer| writer.remove_agent(LEE)).unwrap();
    }
    // The role that makes somebody one is a document.
    let role = key(Kind::Role, "all");
    change(&mut world, &[(&role, Some(&all_rights()))]).unwrap();
    put_agent(&mut world, &with_roles(lee, &["all"])).unwrap();
    put_agent(&mut world, &AgentRecord { disabled: true, ..kim.clone() }).expect("Lee may do all");
    for less in [r#"{"name":"Less","rights":["audit_read"]}"#, "{}", "no JSON"] {
        assert_eq!(change(&mut world, &[(&role, Some(less))]), Err(DocumentsError::LastAdministrator), "{less}");
        assert_eq!(world.reader.document(&role).unwrap().body, all_rights(), "nothing was written");
    }
    put_agent(&mut world, &kim).unwrap();
    change(&mut world, &[(&role, Some("{}"))]).expect("Kim remains");
}

pub(crate) fn an_agent_is_replaced_only_as_it_was(mut world: Records) {
    let first = agent(KIM, "kim@example.com");
    put_agent(&mut world, &first).unwrap();
    let settings = world.reader.settings_version().unwrap();
    let second = AgentRecord { capacity: first.capacity + 1, ..first.clone() };
    let other = AgentRecord { password_hash: "other".to_owned(), ..first.clone() };
    let unknown = agent(LEE, "lee@example.com");
    for (before, after, expected) in [
        (&other, &second, Err(StoreError::Conflict)),
        (&unknown, &unknown, Err(StoreError::Conflict)),
        (&first, &second, Ok(())),
        (&first, &other, Err(StoreError::Conflict)),
        (&second, &with_roles(second.clone(), &["none"]), Err(StoreError::Missing)),
    ] {
        let replaced = write_once(&mut *world.writer, |writer| writer.replace_agent(before, after));
        assert_eq!(replaced, expected, "{before:?} {after:?}");
    }
    assert_eq!(world.reader.agents(), Ok(vec![second]));
    assert!(world.reader.settings_version().unwrap() > settings);
}

pub(crate) fn an_agent_is_removed_with_its_sign_ins(mut world: Records) {
    put_agent(&mut world, &agent(KIM, "kim@example.com")).unwrap();
    let session = session(1, KIM);
    write_once(&mut *world.writer, |writer| writer.add_session(&session)).unwrap();
    let before = world.reader.settings_version().unwrap();
    let removed = |world: &mut Records, id: AgentId| write_once(&mut *world.writer, |writer| writer.remove_agent(id));
    assert_eq!(removed(&mut world, LEE), Err(StoreError::Missing));
    assert_eq!(removed(&mut world, KIM), Ok(()));
    assert!(world.reader.settings_version().unwrap() > before);
    assert_eq!(world.reader.agents(), Ok(Vec::new()));
    assert_eq!(world.reader.session(&TokenHash([1; 32])), Err(StoreError::Missing));
}

/// What became of the rows of [`rows_before`].
pub(crate) fn of_an_older_database(reader: &mut dyn RecordReader) {
    let agents = reader.agents().unwrap();
    let found: Vec<_> =
        agents.iter().map(|agent| (agent.email.as_str(), agent.roles.first().unwrap().as_str())).collect();
    assert_eq!(
        found,
        [("a@example.com", "agent"), ("b@example.com", "supervisor"), ("c@example.com", "administrator")]
    );
    assert!(agents.iter().all(|agent| agent.roles.len() == 1 && agent.scope.is_everywhere() && agent.hours.is_none()));
    assert!(agents[1].disabled && !agents[0].disabled);
}

/// Agents as they were before they had roles and a scope. `id` writes an id.
pub(crate) fn rows_before(id: impl Fn(u8) -> String) -> String {
    let row = |at: u8| {
        let letter = char::from(b'a' + at);
        format!("({}, '{letter}@example.com', '{letter}', {at}, 4, '', {})", id(at), u8::from(at == 1))
    };
    let rows: Vec<_> = (0..3).map(row).collect();
    format!("INSERT INTO agent (id, email, name, role, capacity, password_hash, disabled) VALUES {}", rows.join(", "))
}

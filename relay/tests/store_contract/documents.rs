//! The contract of documents: changes happen whole or not at all, the loser is answered, and the history says what was.

use std::collections::BTreeMap;

use relay::audit::{By, Who};
use relay::store::{
    DOCUMENT_VERSIONS_MAX, DocumentChange, DocumentVersion, DocumentWrite, DocumentsChange, DocumentsError, Expected,
    REMOVED_DOCUMENTS_MAX, RecordReader, RecordWriter, Site, StoreError, StoredDocument, site_key, write_once,
};
use relay_settings::{DocumentKey, Kind};
use wire::AgentId;

use crate::fixture::site;

/// A fresh store.
pub(crate) struct Documents {
    pub(crate) writer: Box<dyn RecordWriter>,
    pub(crate) reader: Box<dyn RecordReader>,
}

impl Documents {
    fn change(&mut self, change: &DocumentsChange) -> Result<u64, DocumentsError> {
        write_once(&mut *self.writer, |writer| writer.change_documents(change))
    }

    fn put(&mut self, key: &DocumentKey, expected: Expected, body: &str) -> Result<u64, DocumentsError> {
        self.change(&one(key, expected, put(body)))
    }

    fn body(&mut self, key: &DocumentKey) -> Option<String> {
        self.reader.document(key).ok().map(|document| document.body)
    }

    fn versions(&mut self, key: &DocumentKey) -> Vec<u64> {
        let history = self.reader.document_history(key, u64::MAX, usize::MAX).unwrap();
        history.iter().map(|version| version.version).collect()
    }
}

fn key(kind: Kind, id: &str) -> DocumentKey {
    DocumentKey { kind, id: id.parse().unwrap() }
}

fn put(body: &str) -> DocumentWrite {
    DocumentWrite::Put { site: Some(site("demo")), body: body.to_owned() }
}

const REMOVE: DocumentWrite = DocumentWrite::Remove { keep: false };

fn one(key: &DocumentKey, expected: Expected, write: DocumentWrite) -> DocumentsChange {
    let changes = BTreeMap::from([(key.clone(), DocumentChange { expected, write })]);
    DocumentsChange { checked_at: None, changes, by: kim() }
}

fn kim() -> By {
    By { who: Who::Agent { id: AgentId(7), name: "Kim \"K\" 金".to_owned() }, from: None, at_ms: 1_700_000_000_123 }
}

pub(crate) fn what_was_put_reads_back_with_its_version(mut world: Documents) {
    assert_eq!(world.reader.documents(), Ok((0, Vec::new())));
    let (topic, hours) = (key(Kind::Topic, "deposits"), key(Kind::Hours, "week"));
    let settings = world.reader.settings_version().unwrap();
    let changes = [
        (&topic, put(r#"{"name":"Deposits 入金"}"#)),
        (&hours, DocumentWrite::Put { site: None, body: "{}".to_owned() }),
    ];
    let changes = changes.map(|(key, write)| (key.clone(), DocumentChange { expected: Expected::Absent, write }));
    let change = DocumentsChange { checked_at: Some(0), changes: changes.into(), by: kim() };
    assert_eq!(world.change(&change), Ok(1));
    assert!(world.reader.settings_version().unwrap() > settings, "each relay looks at this number");
    let of_topic = StoredDocument {
        key: topic.clone(),
        site: Some(site("demo")),
        version: 1,
        body: r#"{"name":"Deposits 入金"}"#.to_owned(),
    };
    let of_hours = StoredDocument { key: hours, site: None, version: 1, body: "{}".to_owned() };
    assert_eq!(world.reader.documents(), Ok((1, vec![of_topic.clone(), of_hours])));
    assert_eq!(world.reader.document(&topic), Ok(of_topic));
    assert_eq!(world.reader.document(&key(Kind::Topic, "week")), Err(StoreError::Missing), "an id is of its kind");
    assert_eq!(world.put(&topic, Expected::Version(1), "{}"), Ok(2));
    assert_eq!((world.reader.documents_version(), world.body(&topic).as_deref()), (Ok(2), Some("{}")));
}

pub(crate) fn the_later_of_two_changes_is_answered_what_is_there(mut world: Documents) {
    let topic = key(Kind::Topic, "deposits");
    assert_eq!(world.put(&topic, Expected::Absent, "1"), Ok(1));
    let conflict = |version| Err(DocumentsError::Conflict { key: topic.clone(), version });
    for (expected, write, answer) in [
        (Expected::Absent, put("x"), conflict(Some(1))),
        (Expected::Version(7), put("x"), conflict(Some(1))),
        (Expected::Version(7), REMOVE, conflict(Some(1))),
        (Expected::Version(1), put("2"), Ok(2)),
        (Expected::Version(1), put("x"), conflict(Some(2))),
        (Expected::Any, put("3"), Ok(3)),
        (Expected::Version(3), REMOVE, Ok(4)),
        (Expected::Version(3), put("x"), conflict(None)),
        (Expected::Any, REMOVE, Err(DocumentsError::Missing(topic.clone()))),
        (Expected::Absent, put("5"), Ok(5)),
    ] {
        let change = one(&topic, expected, write.clone());
        let before = (world.reader.documents(), world.reader.settings_version(), world.versions(&topic));
        let tried = write_once(&mut *world.writer, |writer| writer.try_documents(&change));
        assert_eq!(tried, answer.clone().map(drop), "tried: {expected:?} {write:?}");
        let after = (world.reader.documents(), world.reader.settings_version(), world.versions(&topic));
        assert_eq!(after, before, "what is tried changes nothing");
        assert_eq!(world.change(&change), answer, "{expected:?} {write:?}");
    }
    // A refused one has raised nothing.
    assert_eq!(world.reader.documents_version(), Ok(5));
    let late = DocumentsChange { checked_at: Some(4), ..one(&topic, Expected::Any, put("x")) };
    let tried = write_once(&mut *world.writer, |writer| writer.try_documents(&late));
    assert_eq!(tried, Err(DocumentsError::Moved { version: 5 }));
    assert_eq!(world.change(&late), Err(DocumentsError::Moved { version: 5 }));
    let now = DocumentsChange { checked_at: Some(5), ..late };
    assert_eq!(world.change(&now), Ok(6));
}

pub(crate) fn a_change_happens_whole_or_not_at_all(mut world: Documents) {
    let (first, second) = (key(Kind::Topic, "a"), key(Kind::Topic, "b"));
    world.put(&second, Expected::Absent, "old").unwrap();
    let settings = world.reader.settings_version().unwrap();
    let changes = [(first.clone(), Expected::Absent), (second.clone(), Expected::Absent)];
    let changes = changes.map(|(key, expected)| (key, DocumentChange { expected, write: put("new") })).into();
    let refused = DocumentsChange { checked_at: None, changes, by: kim() };
    world.writer.begin().unwrap();
    assert_eq!(world.writer.change_documents(&one(&key(Kind::Label, "before"), Expected::Any, put("1"))), Ok(2));
    let conflict = DocumentsError::Conflict { key: second.clone(), version: Some(1) };
    assert_eq!(world.writer.change_documents(&refused), Err(conflict));
    assert_eq!(world.writer.change_documents(&one(&key(Kind::Label, "after"), Expected::Any, put("1"))), Ok(3));
    world.writer.commit().unwrap();
    assert_eq!((world.body(&first), world.body(&second).as_deref()), (None, Some("old")));
    assert_eq!((world.versions(&first), world.versions(&second)), (Vec::new(), vec![1]));
    assert_eq!(world.reader.documents().unwrap().1.len(), 3, "its neighbours are there");
    assert_eq!(world.reader.settings_version().unwrap(), settings + 2);
}

pub(crate) fn a_history_says_who_and_when_and_keeps_the_last_versions(mut world: Documents) {
    let topic = key(Kind::Topic, "deposits");
    world.put(&topic, Expected::Absent, "1").unwrap();
    world.change(&one(&topic, Expected::Any, REMOVE)).unwrap();
    let version = |version, body: Option<&str>| DocumentVersion {
        version,
        who: kim().who,
        at_ms: kim().at_ms,
        site: Some(site("demo")),
        body: body.map(str::to_owned),
    };
    let both = vec![version(2, None), version(1, Some("1"))];
    assert_eq!(world.reader.document_history(&topic, u64::MAX, 10), Ok(both.clone()));
    assert_eq!(world.reader.document_history(&topic, u64::MAX, 1).as_deref(), Ok(&both[..1]));
    assert_eq!(world.reader.document_history(&topic, 2, 10).as_deref(), Ok(&both[1..]));
    assert_eq!(world.reader.document_history(&key(Kind::Label, "deposits"), u64::MAX, 10), Ok(Vec::new()));
    let last = 3 + DOCUMENT_VERSIONS_MAX as u64;
    for number in 3..=last {
        assert_eq!(world.put(&topic, Expected::Any, &number.to_string()), Ok(number));
    }
    let kept: Vec<u64> = (last - DOCUMENT_VERSIONS_MAX as u64 + 1..=last).rev().collect();
    assert_eq!(world.versions(&topic), kept);
}

pub(crate) fn of_removed_documents_only_the_last_are_remembered(mut world: Documents) {
    let id = |number: usize| key(Kind::Reply, &format!("r{number}"));
    let count = REMOVED_DOCUMENTS_MAX + 3;
    for write in [put("1"), REMOVE] {
        for from in (0..count).step_by(100) {
            let numbers = from..count.min(from + 100);
            let changes =
                numbers.map(|number| (id(number), DocumentChange { expected: Expected::Any, write: write.clone() }));
            world.change(&DocumentsChange { checked_at: None, changes: changes.collect(), by: kim() }).unwrap();
        }
        world.put(&key(Kind::Reply, "stays"), Expected::Any, "1").unwrap();
    }
    let remembered = |world: &mut Documents, number| !world.versions(&id(number)).is_empty();
    let kept = (0..count).filter(|number| remembered(&mut world, *number)).count();
    assert_eq!(kept, REMOVED_DOCUMENTS_MAX);
    assert!(remembered(&mut world, count - 1), "the last removed is among them");
    assert_eq!(world.versions(&key(Kind::Reply, "stays")).len(), 2);
}

pub(crate) fn a_site_is_its_document(mut world: Documents) {
    let demo = Site { id: site("demo"), name: "Demo".to_owned(), origins: vec!["https://a.example".to_owned()] };
    write_once(&mut *world.writer, |writer| writer.put_site(&demo, &kim())).unwrap();
    let of_demo = site_key(&demo.id);
    let found = world.reader.document(&of_demo).unwrap();
    assert_eq!((found.version, found.site), (1, Some(site("demo"))));
    assert_eq!(found.body, r#"{"name":"Demo","origins":["https://a.example"]}"#);
    // What else its document says stays when a command replaces name and origins.
    world.put(&of_demo, Expected::Version(1), r##"{"colour":"#112233","name":"D","origins":[]}"##).unwrap();
    assert_eq!(world.reader.site(&demo.id).unwrap().name, "D");
    write_once(&mut *world.writer, |writer| writer.put_site(&demo, &kim())).unwrap();
    assert!(world.body(&of_demo).unwrap().contains(r##""colour":"#112233""##));
    assert_eq!(world.reader.sites(), Ok(vec![demo.clone()]));
    // Documents alone make and remove a site.
    world.put(&site_key(&site("other")), Expected::Absent, "{}").unwrap();
    assert_eq!(world.reader.site(&site("other")).unwrap().name, "other", "a site without a name has its id for one");
    world.change(&one(&of_demo, Expected::Any, REMOVE)).unwrap();
    assert_eq!(world.reader.site(&demo.id), Err(StoreError::Missing));
    let removed = write_once(&mut *world.writer, |writer| writer.remove_site(&demo.id, true, &kim()));
    assert_eq!(removed, Err(StoreError::Missing));
    assert_eq!(world.versions(&of_demo).len(), 4);
}

/// What became of an older database with the sites `demo` and `new`, and the removed one `gone`.
pub(crate) fn of_an_older_database(mut world: Documents) {
    let demo = Site {
        id: site("demo"),
        name: "Demo \"D\"".to_owned(),
        origins: vec!["https://b.example".to_owned(), "https://a.example".to_owned()],
    };
    let new = Site { id: site("new"), name: "New".to_owned(), origins: Vec::new() };
    assert_eq!(world.reader.sites(), Ok(vec![demo, new]));
    let (version, documents) = world.reader.documents().unwrap();
    assert_eq!((version, documents.iter().map(|document| document.version).collect::<Vec<_>>()), (1, vec![1, 1]));
    let history = world.reader.document_history(&site_key(&site("demo")), u64::MAX, 10).unwrap();
    assert_eq!((history.len(), &history[0].who), (1, &Who::System));
    assert!(history[0].at_ms > 1_600_000_000_000);
    let gone = Site { id: site("gone"), name: "Back".to_owned(), origins: Vec::new() };
    write_once(&mut *world.writer, |writer| writer.put_site(&gone, &kim())).unwrap();
    assert_eq!(world.reader.documents_version(), Ok(2));
    assert_eq!(world.reader.site(&gone.id), Ok(gone));
}

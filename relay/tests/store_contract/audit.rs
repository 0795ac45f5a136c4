//! The contract of the audit log: numbered without gaps, in the transaction of what an entry tells of, found by filters, cut in front.

use relay::audit::{Action, By, ChainHash, Head, NewEntry, StoredEntry, Subject, Verification, Who};
use relay::key::{RelayKey, Signer, SigningPurpose};
use relay::store::{AUDIT_PAGE_ENTRIES_MAX, AuditFilter, RecordReader, RecordWriter, StoreError, write_once};
use wire::{AgentId, Tag};

use crate::fixture::site;

/// A fresh store.
pub(crate) struct Audit {
    pub(crate) writer: Box<dyn RecordWriter>,
    pub(crate) reader: Box<dyn RecordReader>,
}

impl Audit {
    fn append(&mut self, entry: &NewEntry) -> Head {
        write_once(&mut *self.writer, |writer| writer.append_audit(entry)).unwrap()
    }

    fn all(&mut self) -> Vec<StoredEntry> {
        let mut all: Vec<StoredEntry> = Vec::new();
        loop {
            let after = all.last().map_or(0, |last| last.number);
            let page = self.reader.audit_entries(after).unwrap();
            assert!(page.len() <= AUDIT_PAGE_ENTRIES_MAX);
            if page.is_empty() {
                return all;
            }
            all.extend(page);
        }
    }

    /// The numbers that a filter finds, newest first.
    fn found(&mut self, filter: &AuditFilter) -> Vec<u64> {
        let page = self.reader.audit_page(filter, u64::MAX, 100).unwrap();
        page.iter().map(|entry| entry.number).collect()
    }
}

fn agent(id: u128, at_ms: u64) -> By {
    By { who: Who::Agent { id: AgentId(id), name: "Kim 金".to_owned() }, from: None, at_ms }
}

fn signer() -> Signer {
    RelayKey::fresh().signer(SigningPurpose::AuditHead)
}

/// Walks the whole log of a store.
fn verify(world: &mut Audit, signer: &Signer) -> (u64, u64) {
    let (cut, head) = (world.reader.audit_cut().unwrap(), world.reader.audit_head().unwrap());
    let mut walk = Verification::begin(cut.as_ref(), &[head.signed(signer)], &[signer.public()]).unwrap();
    for entry in world.all() {
        walk.entry(&entry.entry, entry.hash).unwrap();
    }
    let checked = walk.end().unwrap();
    assert_eq!(checked.signed_up_to, Some(head.number));
    (checked.first, checked.last)
}

pub(crate) fn entries_are_numbered_and_chained(mut world: Audit) {
    assert_eq!(world.reader.audit_head(), Ok(Head::START));
    let tag = Tag(u64::MAX - 3);
    let first = NewEntry::new(By { from: Some(tag), ..agent(1, 10) }, Action::SignedIn);
    assert_eq!(world.append(&first).number, 1);
    let second = NewEntry::new(By::command_line(5), Action::SettingChanged)
        .on(Subject::new("site", "demo").of(site("demo")))
        .with("changed", "ключ \u{1f916} \"quoted\" \u{0} nul");
    let head = world.append(&second);
    assert_eq!((head.number, head.at_ms), (2, 5), "a clock that was set back changes no order");
    assert_eq!(world.reader.audit_head(), Ok(head));
    let texts: Vec<String> = world.all().into_iter().map(|entry| entry.entry).collect();
    assert_eq!(texts, [first.written(1), second.written(2)]);
    let hashes = [0, 1, 2, 3].map(|number| world.reader.audit_hash(number).unwrap());
    let after_first = ChainHash::START.after(&texts[0]);
    assert_eq!(hashes, [Some(ChainHash::START), Some(after_first), Some(head.hash), None]);
    let count = 2 + AUDIT_PAGE_ENTRIES_MAX as u64;
    world.writer.begin().unwrap();
    for _ in 2..count {
        world.writer.append_audit(&first).unwrap();
    }
    world.writer.commit().unwrap();
    assert_eq!(verify(&mut world, &signer()), (1, count));
}

pub(crate) fn an_entry_is_kept_with_what_it_tells_of_or_not_at_all(mut world: Audit) {
    let settings = world.reader.settings_version().unwrap();
    let entry = NewEntry::new(agent(1, 10), Action::Unblocked);
    // A refused request says so before its entry is written; its neighbour's is there.
    world.writer.begin().unwrap();
    let refused = world.writer.remove_block(wire::BlockId(1)).and_then(|()| world.writer.append_audit(&entry));
    assert_eq!(refused, Err(StoreError::Missing));
    world.writer.append_audit(&entry).unwrap();
    world.writer.commit().unwrap();
    assert_eq!((world.all().len(), world.reader.settings_version()), (1, Ok(settings)));
    assert_eq!(verify(&mut world, &signer()), (1, 1));
}

pub(crate) fn filters_find_what_fits_all_of_them(mut world: Audit) {
    let subject = |id: &str, of: &str| Subject::new("topic", id).of(site(of));
    for entry in [
        NewEntry::new(agent(1, 10), Action::SignedIn),
        NewEntry::new(agent(2, 20), Action::SignedIn),
        NewEntry::new(agent(1, 30), Action::SettingChanged).on(subject("a", "demo")),
        NewEntry::new(By::command_line(40), Action::SettingChanged).on(subject("a", "other")),
        NewEntry::new(agent(1, 50), Action::SettingChanged).on(subject("b", "demo")),
    ] {
        world.append(&entry);
    }
    let kim = agent(1, 0).who.key();
    let all = AuditFilter::default();
    for (filter, expected) in [
        (all.clone(), vec![5, 4, 3, 2, 1]),
        (AuditFilter { who: Some(kim.clone()), ..all.clone() }, vec![5, 3, 1]),
        (AuditFilter { who: Some("command_line".to_owned()), ..all.clone() }, vec![4]),
        (AuditFilter { who: Some("agent".to_owned()), ..all.clone() }, vec![]),
        (AuditFilter { action: Some(Action::SettingChanged), ..all.clone() }, vec![5, 4, 3]),
        (AuditFilter { subject: Some("topic/a".to_owned()), ..all.clone() }, vec![4, 3]),
        (AuditFilter { site: Some(site("demo")), ..all.clone() }, vec![5, 3]),
        (AuditFilter { from_ms: Some(20), until_ms: Some(40), ..all.clone() }, vec![3, 2]),
        (AuditFilter { who: Some(kim.clone()), action: Some(Action::SignedIn), ..all.clone() }, vec![1]),
        (
            AuditFilter { subject: Some("topic/a".to_owned()), who: Some(kim), until_ms: Some(30), ..all.clone() },
            vec![],
        ),
    ] {
        assert_eq!(world.found(&filter), expected, "{filter:?}");
    }
    let page = world.reader.audit_page(&all, 5, 2).unwrap();
    assert_eq!(page.iter().map(|entry| entry.number).collect::<Vec<_>>(), [4, 3]);
}

pub(crate) fn a_cut_front_leaves_a_log_that_verifies(mut world: Audit) {
    let signer = signer();
    let heads: Vec<Head> =
        (1..=5).map(|at_ms| world.append(&NewEntry::new(agent(1, at_ms), Action::SignedIn))).collect();
    let mut other = heads[2];
    other.hash.0[0] ^= 1;
    for (head, expected) in [
        (other, Err(StoreError::Conflict)),
        (Head { number: 9, ..heads[2] }, Err(StoreError::Conflict)),
        (heads[2], Ok(())),
        (heads[1], Err(StoreError::Conflict)),
    ] {
        let cut = head.signed(&signer);
        assert_eq!(write_once(&mut *world.writer, |writer| writer.cut_audit(&cut)), expected, "{head:?}");
    }
    assert_eq!(world.reader.audit_cut(), Ok(Some(heads[2].signed(&signer))));
    let hashes = [2, 3, 4].map(|number| world.reader.audit_hash(number).unwrap());
    assert_eq!(hashes, [None, Some(heads[2].hash), Some(heads[3].hash)]);
    assert_eq!(verify(&mut world, &signer), (4, 5));
    let anew = RelayKey::fresh().signer(SigningPurpose::AuditHead);
    write_once(&mut *world.writer, |writer| writer.cut_audit(&heads[2].signed(&anew))).unwrap();
    assert_eq!(world.reader.audit_cut(), Ok(Some(heads[2].signed(&anew))), "the same cut, signed anew");
    assert_eq!(verify(&mut world, &anew), (4, 5));
    let last = world.reader.audit_head().unwrap();
    write_once(&mut *world.writer, |writer| writer.cut_audit(&last.signed(&signer))).unwrap();
    assert_eq!(verify(&mut world, &signer), (6, 5));
    assert_eq!(world.append(&NewEntry::new(agent(1, 6), Action::SignedIn)).number, 6);
    assert_eq!(verify(&mut world, &signer), (6, 6));
}

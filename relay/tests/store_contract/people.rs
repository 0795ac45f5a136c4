//! Sites, agents, visitors, their tokens, and uploaded files.

use relay::blob::StoredFile;
use relay::store::{
    AgentRecord, DeviceRecord, Kept, Reader, SessionRecord, Site, Store, StoreError, TokenHash, Uploader,
    VisitorRecord, Writer, write_once,
};
use relay_core::append::{Draft, DraftBody};
use wire::{AgentId, AttachmentId, Author, MessageId, Role, VisitorId};

use crate::fixture::{ANNA, BORIS, FIRST, KIM, LEE, SECOND, file, from_visitor, site, text, world};

fn agent(id: AgentId, email: &str) -> AgentRecord {
    AgentRecord {
        id,
        email: email.to_owned(),
        name: "Kim".to_owned(),
        role: Role::Supervisor,
        capacity: 4,
        password_hash: "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA".to_owned(),
        disabled: false,
    }
}

fn change<T>(
    writer: &mut dyn Writer,
    change: impl FnOnce(&mut dyn Writer) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    write_once(writer, change)
}

pub(crate) fn sites_are_put_and_replaced(store: &dyn Store) {
    let mut world = world(store);
    let before = world.reader.settings_version().unwrap();
    let origins = vec!["https://b.example.com".to_owned(), "https://a.example.com".to_owned()];
    let demo = Site { id: site("demo"), name: "Demo's \"exchange\"".to_owned(), origins };
    change(&mut *world.writer, |writer| writer.put_site(&demo)).unwrap();
    assert_eq!(world.reader.site(&demo.id), Ok(demo.clone()));
    assert_eq!(world.reader.sites().unwrap().len(), 2);
    assert_eq!(world.reader.sites().unwrap()[0], demo);
    assert!(world.reader.settings_version().unwrap() > before);
    assert_eq!(world.reader.site(&site("nowhere")), Err(StoreError::Missing));
}

pub(crate) fn a_site_goes_with_its_visitors_or_stays_behind_its_conversations(store: &dyn Store) {
    let mut world = world(store);
    let of_other = |id, token| VisitorRecord {
        id: VisitorId(id),
        site: site("other"),
        token: TokenHash([token; 32]),
        created_at_ms: 5,
        used_at_ms: 5,
    };
    change(&mut *world.writer, |writer| writer.add_visitor(&of_other(70, 70))).unwrap();
    world.record(&from_visitor(ANNA, FIRST, vec![text(1, "hello")]));
    assert_eq!(world.reader.conversations_of(&site("demo")), Ok((1, 1)));
    assert_eq!(world.reader.conversations_of(&site("other")), Ok((0, 0)));
    let before = world.reader.settings_version().unwrap();
    let writer = &mut *world.writer;
    for (id, keep, expected) in [
        ("nowhere", true, Err(StoreError::Missing)),
        ("other", false, Ok(())),
        ("other", false, Err(StoreError::Missing)),
        ("demo", false, Err(StoreError::Conflict)),
        ("demo", true, Ok(())),
        ("demo", true, Err(StoreError::Missing)),
    ] {
        assert_eq!(change(writer, |writer| writer.remove_site(&site(id), keep)), expected, "{id} {keep}");
    }
    assert!(world.reader.settings_version().unwrap() > before);
    assert_eq!(world.reader.sites(), Ok(Vec::new()));
    assert_eq!(world.reader.site(&site("demo")), Err(StoreError::Missing));
    assert_eq!(world.reader.visitor_by_token(&TokenHash([70; 32])), Err(StoreError::Missing));
    assert_eq!(world.reader.conversations_of(&site("demo")), Ok((1, 1)), "its conversations are kept");
    let late = VisitorRecord { site: site("demo"), ..of_other(71, 71) };
    assert_eq!(change(writer, |writer| writer.add_visitor(&late)), Err(StoreError::Missing), "nobody new");
    let back = Site { id: site("demo"), name: "Back".to_owned(), origins: Vec::new() };
    change(writer, |writer| writer.put_site(&back)).unwrap();
    assert_eq!(world.reader.sites(), Ok(vec![back]));
}

pub(crate) fn browsers_are_known_to_one_account_and_the_oldest_go(store: &dyn Store) {
    let mut world = world(store);
    let device = |token, agent, used_at_ms| DeviceRecord { token: TokenHash([token; 32]), agent, used_at_ms };
    let stranger = device(1, KIM, 1);
    assert_eq!(change(&mut *world.writer, |writer| writer.add_device(&stranger, None)), Err(StoreError::Missing));
    change(&mut *world.writer, |writer| writer.put_agent(&agent(KIM, "kim@example.com"))).unwrap();
    change(&mut *world.writer, |writer| writer.put_agent(&agent(LEE, "lee@example.com"))).unwrap();
    let writer = &mut *world.writer;
    let mut add = |record: &DeviceRecord, before: Option<u8>| {
        let before = before.map(|token| TokenHash([token; 32]));
        change(writer, |writer| writer.add_device(record, before.as_ref()))
    };
    add(&device(1, KIM, 1), None).unwrap();
    add(&device(100, LEE, 1), None).unwrap();
    add(&device(2, KIM, 2), Some(1)).unwrap();
    add(&device(101, LEE, 2), Some(2)).unwrap();
    let known = |world: &mut crate::fixture::World, token| world.reader.device(&TokenHash([token; 32]));
    assert_eq!(known(&mut world, 1), Err(StoreError::Missing), "another took its place");
    assert_eq!(known(&mut world, 2), Ok(device(2, KIM, 2)), "nobody takes the place of another account's");
    for token in 3..30 {
        let record = device(token, KIM, u64::from(token));
        change(&mut *world.writer, |writer| writer.add_device(&record, None)).unwrap();
    }
    let kept: Vec<u8> = (1..30).filter(|token| known(&mut world, *token).is_ok()).collect();
    assert_eq!(kept, (10..30).collect::<Vec<_>>(), "the twenty last used");
    change(&mut *world.writer, |writer| writer.remove_devices_of(KIM)).unwrap();
    assert_eq!(known(&mut world, 29), Err(StoreError::Missing));
    assert_eq!(known(&mut world, 100), Ok(device(100, LEE, 1)));
}

pub(crate) fn agents_have_one_mail_address_each(store: &dyn Store) {
    let mut world = world(store);
    let before = world.reader.settings_version().unwrap();
    let kim = agent(KIM, "Kim@example.com");
    change(&mut *world.writer, |writer| writer.put_agent(&kim)).unwrap();
    let same = agent(LEE, "kim@EXAMPLE.com");
    assert_eq!(change(&mut *world.writer, |writer| writer.put_agent(&same)), Err(StoreError::Conflict));
    assert_eq!(world.reader.agent_by_email("KIM@example.com"), Ok(kim.clone()));
    assert_eq!(world.reader.agent_by_email("lee@example.com"), Err(StoreError::Missing));
    assert_eq!(world.reader.agent(KIM), Ok(kim.clone()));
    assert_eq!(world.reader.agent(LEE), Err(StoreError::Missing));
    let busier = AgentRecord { capacity: 9, role: Role::Administrator, disabled: true, ..kim };
    change(&mut *world.writer, |writer| writer.put_agent(&busier)).unwrap();
    assert_eq!(world.reader.agents(), Ok(vec![busier]));
    assert!(world.reader.settings_version().unwrap() > before);
}

pub(crate) fn sessions_are_kept_touched_and_revoked(store: &dyn Store) {
    let mut world = world(store);
    let session =
        |token, agent| SessionRecord { token: TokenHash([token; 32]), agent, created_at_ms: 10, used_at_ms: 10 };
    let writer = &mut *world.writer;
    assert_eq!(change(writer, |writer| writer.add_session(&session(1, KIM))), Err(StoreError::Missing));
    change(writer, |writer| writer.put_agent(&agent(KIM, "kim@example.com"))).unwrap();
    change(writer, |writer| writer.put_agent(&agent(LEE, "lee@example.com"))).unwrap();
    for (token, of) in [(1, KIM), (2, KIM), (3, KIM), (4, LEE)] {
        change(writer, |writer| writer.add_session(&session(token, of))).unwrap();
    }
    change(writer, |writer| writer.touch_session(&TokenHash([1; 32]), 50)).unwrap();
    let mut version = world.reader.settings_version().unwrap();
    let mut is_raised = |reader: &mut dyn Reader| {
        let before = std::mem::replace(&mut version, reader.settings_version().unwrap());
        version > before
    };
    assert_eq!(world.reader.session(&TokenHash([1; 32])).unwrap().used_at_ms, 50);
    change(writer, |writer| writer.remove_session(&TokenHash([2; 32]))).unwrap();
    assert!(is_raised(&mut *world.reader));
    change(writer, |writer| writer.remove_session(&TokenHash([9; 32]))).unwrap();
    assert!(!is_raised(&mut *world.reader), "nothing was revoked");
    assert_eq!(world.reader.session(&TokenHash([2; 32])), Err(StoreError::Missing));
    change(writer, |writer| writer.remove_sessions_before(20)).unwrap();
    assert!(is_raised(&mut *world.reader));
    assert_eq!(world.reader.session(&TokenHash([3; 32])), Err(StoreError::Missing));
    assert_eq!(world.reader.session(&TokenHash([4; 32])), Err(StoreError::Missing));
    change(writer, |writer| writer.add_session(&session(5, LEE))).unwrap();
    change(writer, |writer| writer.remove_sessions_of(KIM)).unwrap();
    assert!(is_raised(&mut *world.reader));
    assert_eq!(world.reader.session(&TokenHash([1; 32])), Err(StoreError::Missing));
    assert_eq!(world.reader.session(&TokenHash([5; 32])), Ok(session(5, LEE)));
}

pub(crate) fn visitors_are_known_by_their_token(store: &dyn Store) {
    let mut world = world(store);
    let visitor = |id, token, on: &str| VisitorRecord {
        id: VisitorId(id),
        site: site(on),
        token: TokenHash([token; 32]),
        created_at_ms: 5,
        used_at_ms: 5,
    };
    let writer = &mut *world.writer;
    let mut add = |record: &VisitorRecord| change(writer, |writer| writer.add_visitor(record));
    assert_eq!(add(&visitor(7, 7, "nowhere")), Err(StoreError::Missing));
    assert_eq!(add(&visitor(7, 1, "demo")), Err(StoreError::Conflict));
    assert_eq!(add(&visitor(ANNA.0, 7, "demo")), Err(StoreError::Conflict));
    add(&visitor(7, 7, "other")).unwrap();
    change(writer, |writer| writer.touch_visitor(VisitorId(7), 60)).unwrap();
    let found = world.reader.visitor_by_token(&TokenHash([7; 32])).unwrap();
    assert_eq!(found, VisitorRecord { used_at_ms: 60, ..visitor(7, 7, "other") });
    assert_eq!(world.reader.visitor_by_token(&TokenHash([8; 32])), Err(StoreError::Missing));
}

pub(crate) fn a_repeated_upload_is_one_file(store: &dyn Store) {
    let mut world = world(store);
    let first = file(1, FIRST, Uploader::Visitor(ANNA));
    let writer = &mut *world.writer;
    let mut add = |record| change(writer, |writer| writer.add_attachment(&record));
    assert_eq!(add(first.clone()), Ok(first.clone()));
    let mut again = first.clone();
    again.key = "another".to_owned();
    assert_eq!(add(again), Ok(first.clone()));
    assert_eq!(add(file(1, SECOND, Uploader::Visitor(ANNA))), Err(StoreError::Conflict));
    assert_eq!(add(file(1, FIRST, Uploader::Visitor(BORIS))), Err(StoreError::Conflict));
    assert_eq!(add(file(1, FIRST, Uploader::Agent(KIM))), Err(StoreError::Conflict));
    assert_eq!(world.reader.attachment(AttachmentId(1)), Ok(first));
    assert_eq!(world.reader.attachment(AttachmentId(2)), Err(StoreError::Missing));
}

pub(crate) fn orphans_are_files_that_no_message_names(store: &dyn Store) {
    let mut world = world(store);
    for id in 1..=3 {
        let record = file(id, FIRST, Uploader::Visitor(ANNA));
        change(&mut *world.writer, |writer| writer.add_attachment(&record)).unwrap();
    }
    let name = Draft { id: MessageId(1), author: Author::Visitor, body: DraftBody::File(AttachmentId(1)) };
    world.record(&from_visitor(ANNA, FIRST, vec![name]));
    assert!(world.reader.orphans(900, 10).unwrap().is_empty());
    assert_eq!(world.reader.orphans(901, 10).unwrap().len(), 2);
    assert_eq!(world.reader.orphans(901, 1).unwrap().len(), 1);
    let writer = &mut *world.writer;
    let mut remove = |id| change(writer, |writer| writer.remove_orphan(AttachmentId(id)));
    assert_eq!(remove(1), Err(StoreError::Missing));
    assert_eq!(remove(2).unwrap().key, file(2, FIRST, Uploader::Visitor(ANNA)).key);
    assert_eq!(remove(2), Err(StoreError::Missing));
    assert_eq!(world.reader.orphans(901, 10).unwrap().len(), 1);
}

pub(crate) fn what_files_take_is_counted_for_visitor_and_site(store: &dyn Store) {
    let mut world = world(store);
    world.record(&from_visitor(ANNA, FIRST, vec![text(1, "here")]));
    let nothing = Kept::default();
    assert_eq!(world.reader.kept(Some(ANNA), &site("demo")), Ok(nothing));
    let bytes = file(1, FIRST, Uploader::Visitor(ANNA)).attachment.bytes;
    for (id, uploader) in [(1, Uploader::Visitor(ANNA)), (2, Uploader::Visitor(ANNA)), (3, Uploader::Agent(KIM))] {
        let record = file(id, FIRST, uploader);
        change(&mut *world.writer, |writer| writer.add_attachment(&record)).unwrap();
        // A repetition is no second file.
        change(&mut *world.writer, |writer| writer.add_attachment(&record)).unwrap();
    }
    let two = Kept { visitor_bytes: Kept::cost(2, 2 * bytes), site_bytes: Kept::cost(3, 3 * bytes) };
    assert_eq!(world.reader.kept(Some(ANNA), &site("demo")), Ok(two));
    assert_eq!(world.reader.kept(None, &site("demo")), Ok(Kept { visitor_bytes: 0, ..two }));
    assert_eq!(world.reader.kept(Some(BORIS), &site("other")), Ok(nothing));
    change(&mut *world.writer, |writer| writer.remove_orphan(AttachmentId(1))).unwrap();
    let one = Kept { visitor_bytes: Kept::cost(1, bytes), site_bytes: Kept::cost(2, 2 * bytes) };
    assert_eq!(world.reader.kept(Some(ANNA), &site("demo")), Ok(one));
}

pub(crate) fn a_file_without_a_record_is_told_unless_it_is_older_than_all(store: &dyn Store) {
    let mut world = world(store);
    let lies = |key: u128, modified_at_ms| StoredFile { key: format!("{key:032x}"), modified_at_ms };
    assert_eq!(world.reader.unrecorded(&[lies(1, 900), lies(2, 900)]), Ok(Vec::new()), "no record at all");
    let record = file(1, FIRST, Uploader::Visitor(ANNA));
    change(&mut *world.writer, |writer| writer.add_attachment(&record)).unwrap();
    let files = [lies(1, 900), lies(2, 899), lies(3, 900), lies(4, 2_000)];
    assert_eq!(world.reader.unrecorded(&files), Ok(vec![lies(3, 0).key, lies(4, 0).key]));
    assert_eq!(world.reader.unrecorded(&[]), Ok(Vec::new()));
}

pub(crate) fn records_of_files_are_read_page_by_page(store: &dyn Store) {
    let mut world = world(store);
    for id in [3, 1, 2] {
        let record = file(id, FIRST, Uploader::Visitor(ANNA));
        change(&mut *world.writer, |writer| writer.add_attachment(&record)).unwrap();
    }
    let mut page = |after, count_max| {
        let rows = world.reader.attachments(AttachmentId(after), count_max).unwrap();
        rows.into_iter().map(|row| row.attachment.id.0).collect::<Vec<_>>()
    };
    assert_eq!([page(0, 2), page(2, 2), page(3, 2)], [vec![1, 2], vec![3], vec![]]);
}

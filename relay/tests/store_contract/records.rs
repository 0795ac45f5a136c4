//! The contract of records: sites, agents, visitors, uploaded files, blocks. It needs no log.

use relay::audit::{By, Who};
use relay::blob::StoredFile;
use relay::store::{
    AgentRecord, DeviceRecord, Kept, RecordReader, RecordWriter, SERVICE_KEYS_MAX, ServiceKeyRecord, Site, StoreError,
    TokenHash, Uploader, VisitorRecord, write_once,
};
use relay_settings::{BuiltInRole, Reach, Scope};
use wire::{AgentId, AttachmentId, BlockId, BlockScope, BlockSummary, ServiceKeyId, Tag, VisitorId};

use crate::fixture::{ANNA, BORIS, FIRST, KIM, LEE, SECOND, file, prepare, site};

/// A store of records with two sites and two visitors of the first.
pub(crate) struct Records {
    pub(crate) writer: Box<dyn RecordWriter>,
    pub(crate) reader: Box<dyn RecordReader>,
}

impl Records {
    /// Of a fresh store.
    pub(crate) fn new(mut writer: Box<dyn RecordWriter>, reader: Box<dyn RecordReader>) -> Self {
        prepare(&mut *writer);
        Self { writer, reader }
    }
}

pub(crate) fn agent(id: AgentId, email: &str) -> AgentRecord {
    AgentRecord {
        id,
        email: email.to_owned(),
        name: "Kim".to_owned(),
        roles: [BuiltInRole::Supervisor.document_id()].into(),
        scope: Scope::EVERYWHERE,
        hours: None,
        capacity: 4,
        password_hash: "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA".to_owned(),
        disabled: false,
    }
}

pub(crate) fn change<T>(
    writer: &mut dyn RecordWriter,
    change: impl FnOnce(&mut dyn RecordWriter) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    write_once(writer, |writer| change(writer))
}

fn block(id: u128, until_ms: u64) -> BlockSummary {
    BlockSummary {
        block: BlockId(id),
        scope: BlockScope::Network,
        visitor: None,
        // The highest bit is set: a column counts with a sign.
        tag: Some(Tag(u64::MAX - 1)),
        site: None,
        reason: "robots, \u{1f916}".to_owned(),
        by: Some(KIM),
        since_ms: 1_000,
        until_ms,
    }
}

pub(crate) fn sites_are_put_and_replaced(mut world: Records) {
    let before = world.reader.settings_version().unwrap();
    let origins = vec!["https://b.example.com".to_owned(), "https://a.example.com".to_owned()];
    let demo = Site { id: site("demo"), name: "Demo's \"exchange\"".to_owned(), origins };
    change(&mut *world.writer, |writer| writer.put_site(&demo, &By::command_line(1))).unwrap();
    assert_eq!(world.reader.site(&demo.id), Ok(demo.clone()));
    assert_eq!(world.reader.sites().unwrap().len(), 2);
    assert_eq!(world.reader.sites().unwrap()[0], demo);
    assert!(world.reader.settings_version().unwrap() > before);
    assert_eq!(world.reader.site(&site("nowhere")), Err(StoreError::Missing));
}

pub(crate) fn agents_have_one_mail_address_each(mut world: Records) {
    let before = world.reader.settings_version().unwrap();
    let kim = agent(KIM, "Kim@example.com");
    change(&mut *world.writer, |writer| writer.put_agent(&kim)).unwrap();
    let same = agent(LEE, "kim@EXAMPLE.com");
    assert_eq!(change(&mut *world.writer, |writer| writer.put_agent(&same)), Err(StoreError::Conflict));
    assert_eq!(world.reader.agent_by_email("KIM@example.com"), Ok(kim.clone()));
    assert_eq!(world.reader.agent_by_email("lee@example.com"), Err(StoreError::Missing));
    assert_eq!(world.reader.agent(KIM), Ok(kim.clone()));
    assert_eq!(world.reader.agent(LEE), Err(StoreError::Missing));
    let scope = Scope { sites: Reach::Some([site("demo")].into()), departments: Reach::All };
    let roles = [BuiltInRole::Administrator.document_id()].into();
    let busier = AgentRecord { capacity: 9, roles, scope, disabled: true, ..kim };
    change(&mut *world.writer, |writer| writer.put_agent(&busier)).unwrap();
    assert_eq!(world.reader.agents(), Ok(vec![busier]));
    assert!(world.reader.settings_version().unwrap() > before);
}

pub(crate) fn only_the_first_agent_is_added_as_the_first(mut world: Records) {
    let before = world.reader.settings_version().unwrap();
    let kim = AgentRecord { disabled: true, ..agent(KIM, "kim@example.com") };
    change(&mut *world.writer, |writer| writer.add_first_agent(&kim)).unwrap();
    assert!(world.reader.settings_version().unwrap() > before);
    let lee = agent(LEE, "lee@example.com");
    let refused = change(&mut *world.writer, |writer| writer.add_first_agent(&lee));
    assert_eq!(refused, Err(StoreError::Conflict), "also when the first is switched off");
    assert_eq!(world.reader.agents(), Ok(vec![kim]));
}

pub(crate) fn browsers_are_known_to_one_account_and_the_oldest_go(mut world: Records) {
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
    let known = |world: &mut Records, token| world.reader.device(&TokenHash([token; 32]));
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

pub(crate) fn visitors_are_known_by_their_token(mut world: Records) {
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
    for (id, token) in [(ANNA.0 + 20, 9), (ANNA.0 + 10, 8)] {
        change(&mut *world.writer, |writer| writer.add_visitor(&visitor(id, token, "demo"))).unwrap();
    }
    let listed = |world: &mut Records, after: u128, count_max| -> Vec<u128> {
        let found = world.reader.visitors_after(VisitorId(after), count_max).unwrap();
        found.iter().map(|visitor| visitor.id.0).collect()
    };
    let all = listed(&mut world, 0, 100);
    assert!(all.is_sorted() && [7, ANNA.0, ANNA.0 + 10, ANNA.0 + 20].iter().all(|id| all.contains(id)), "{all:?}");
    for after in 0..all.len() {
        assert_eq!(listed(&mut world, all[after], 2), all[after + 1..].iter().take(2).copied().collect::<Vec<_>>());
    }
}

pub(crate) fn a_repeated_upload_is_one_file(mut world: Records) {
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

pub(crate) fn a_file_without_a_record_is_found_unless_it_is_older_than_all(mut world: Records) {
    let lies = |key: u128, modified_at_ms| StoredFile { key: format!("{key:032x}"), modified_at_ms };
    assert_eq!(world.reader.unrecorded(&[lies(1, 900), lies(2, 900)]), Ok(Vec::new()), "no record at all");
    let record = file(1, FIRST, Uploader::Visitor(ANNA));
    change(&mut *world.writer, |writer| writer.add_attachment(&record)).unwrap();
    let files = [lies(1, 900), lies(2, 899), lies(3, 900), lies(4, 2_000)];
    assert_eq!(world.reader.unrecorded(&files), Ok(vec![lies(3, 0).key, lies(4, 0).key]));
    assert_eq!(world.reader.unrecorded(&[]), Ok(Vec::new()));
}

pub(crate) fn records_of_files_are_read_page_by_page(mut world: Records) {
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

pub(crate) fn blocks_are_kept_undone_and_forgotten_when_they_have_ended(mut world: Records) {
    let version = world.reader.settings_version().unwrap();
    let of_visitor = BlockSummary {
        scope: BlockScope::Visitor,
        visitor: Some(ANNA),
        site: Some(site("demo")),
        tag: None,
        by: None,
        ..block(2, 5_000)
    };
    for put in [&block(1, 2_000), &of_visitor] {
        write_once(&mut *world.writer, |writer| writer.put_block(put)).unwrap();
    }
    assert_eq!(write_once(&mut *world.writer, |writer| writer.put_block(&of_visitor)), Err(StoreError::Conflict));
    assert_eq!(world.reader.blocks(), Ok(vec![block(1, 2_000), of_visitor.clone()]));
    assert!(world.reader.settings_version().unwrap() > version, "the settings version rises");
    // The first has ended when the third begins.
    let third = BlockSummary { since_ms: 3_000, ..block(3, 9_000) };
    write_once(&mut *world.writer, |writer| writer.put_block(&third)).unwrap();
    assert_eq!(world.reader.blocks(), Ok(vec![of_visitor, third.clone()]));
    write_once(&mut *world.writer, |writer| writer.remove_block(BlockId(2))).unwrap();
    let again = write_once(&mut *world.writer, |writer| writer.remove_block(BlockId(2)));
    assert_eq!((again, world.reader.blocks()), (Err(StoreError::Missing), Ok(vec![third])));
}

pub(crate) fn a_key_is_made_once(mut world: Records) {
    for fresh in [[1; 32], [2; 32]] {
        assert_eq!(write_once(&mut *world.writer, |writer| writer.secret("tags", fresh)), Ok([1; 32]));
    }
    assert_eq!(write_once(&mut *world.writer, |writer| writer.secret("other", [3; 32])), Ok([3; 32]));
}

pub(crate) fn a_refused_request_does_not_spoil_its_neighbours(mut world: Records) {
    let visitor = |id, token, on: &str| VisitorRecord {
        id: VisitorId(id),
        site: site(on),
        token: TokenHash([token; 32]),
        created_at_ms: 5,
        used_at_ms: 5,
    };
    world.writer.begin().unwrap();
    assert_eq!(world.writer.add_visitor(&visitor(7, 7, "demo")), Ok(()));
    assert_eq!(world.writer.add_visitor(&visitor(8, 7, "demo")), Err(StoreError::Conflict));
    assert_eq!(world.writer.put_agent(&agent(KIM, "kim@example.com")), Ok(()));
    assert_eq!(world.writer.put_agent(&agent(LEE, "KIM@example.com")), Err(StoreError::Conflict));
    assert_eq!(world.reader.agents(), Ok(Vec::new()), "nothing is seen before the commit");
    world.writer.commit().unwrap();
    assert_eq!(world.reader.visitor_by_token(&TokenHash([7; 32])), Ok(visitor(7, 7, "demo")));
    assert_eq!(world.reader.agents(), Ok(vec![agent(KIM, "kim@example.com")]));
}

pub(crate) fn what_files_take_is_counted_for_visitors(mut world: Records) {
    let bytes = file(1, FIRST, Uploader::Visitor(ANNA)).attachment.bytes;
    for id in 1..=2 {
        let record = file(id, FIRST, Uploader::Visitor(ANNA));
        change(&mut *world.writer, |writer| writer.add_attachment(&record)).unwrap();
    }
    assert!(world.reader.orphans(900, 10).unwrap().is_empty());
    assert_eq!(world.reader.orphans(901, 10).unwrap().len(), 2);
    change(&mut *world.writer, |writer| writer.remove_orphan(AttachmentId(1))).unwrap();
    let one = Kept { visitor_bytes: Kept::cost(1, bytes), site_bytes: Kept::cost(1, bytes) };
    assert_eq!(world.reader.kept(Some(ANNA), &site("demo")), Ok(one));
    assert_eq!(world.reader.orphans(901, 10).unwrap().len(), 1);
}

pub(crate) fn keys_of_the_api_are_found_by_their_hash_and_revoked_for_good(mut world: Records) {
    let key = |id, token| ServiceKeyRecord {
        id: ServiceKeyId(id),
        token: TokenHash([token; 32]),
        name: "Ledger \u{1f916}".to_owned(),
        rights: r#"["conversations_read"]"#.to_owned(),
        scope: "{}".to_owned(),
        made_by: Who::CommandLine,
        made_at_ms: 5,
        until_ms: Some(50),
        used_at_ms: None,
        revoked_at_ms: None,
    };
    let writer = &mut *world.writer;
    change(writer, |writer| writer.add_service_key(&key(1, 1))).unwrap();
    change(writer, |writer| writer.add_service_key(&ServiceKeyRecord { until_ms: None, ..key(2, 2) })).unwrap();
    for same in [key(1, 3), key(3, 1)] {
        assert_eq!(change(writer, |writer| writer.add_service_key(&same)), Err(StoreError::Conflict), "{same:?}");
    }
    assert_eq!(world.reader.service_key(&TokenHash([1; 32])), Ok(key(1, 1)));
    assert_eq!(world.reader.service_key(&TokenHash([3; 32])), Err(StoreError::Missing));
    change(writer, |writer| writer.touch_service_key(ServiceKeyId(1), 9)).unwrap();
    change(writer, |writer| writer.touch_service_key(ServiceKeyId(7), 9)).unwrap();
    let settings = world.reader.settings_version().unwrap();
    for (id, expected) in [(7, Err(StoreError::Missing)), (1, Ok(())), (1, Err(StoreError::Missing))] {
        assert_eq!(change(writer, |writer| writer.revoke_service_key(ServiceKeyId(id), 10)), expected, "{id}");
    }
    assert_eq!(world.reader.settings_version(), Ok(settings + 1));
    let first = ServiceKeyRecord { used_at_ms: Some(9), revoked_at_ms: Some(10), ..key(1, 1) };
    assert_eq!(world.reader.service_keys(), Ok(vec![first, ServiceKeyRecord { until_ms: None, ..key(2, 2) }]));
    for number in 3..=SERVICE_KEYS_MAX as u128 {
        let mut more = key(number, 0);
        more.token.0[..16].copy_from_slice(&(number << 32).to_be_bytes());
        change(writer, |writer| writer.add_service_key(&more)).unwrap();
    }
    // Full: first the one that was revoked makes room, then those that have expired, then none.
    let late = ServiceKeyRecord { made_at_ms: 49, ..key(5_000, 5) };
    change(writer, |writer| writer.add_service_key(&late)).unwrap();
    assert_eq!(world.reader.service_key(&TokenHash([1; 32])), Err(StoreError::Missing));
    let later = |id: u8| ServiceKeyRecord { made_at_ms: 49, ..key(5_000 + u128::from(id), 5 + id) };
    assert_eq!(change(writer, |writer| writer.add_service_key(&later(1))), Err(StoreError::Busy));
    change(writer, |writer| writer.add_service_key(&ServiceKeyRecord { made_at_ms: 50, ..later(1) })).unwrap();
    let keys = world.reader.service_keys().unwrap();
    assert_eq!((keys.len(), keys[0].id, keys[1].id), (SERVICE_KEYS_MAX, ServiceKeyId(2), ServiceKeyId(4)));
}

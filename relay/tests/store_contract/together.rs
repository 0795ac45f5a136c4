//! What records and the log say of each other, in stores that hold both.

use relay::audit::By;
use relay::store::{Kept, Site, Store, StoreError, TokenHash, Uploader, VisitorRecord, write_once};
use relay_core::append::{NewBody, NewEvent};
use wire::{AttachmentId, Author, MessageId, VisitorId};

use crate::fixture::{ANNA, BORIS, FIRST, KIM, file, from_visitor, site, text, world};

pub(crate) fn a_site_goes_with_its_visitors_or_stays_behind_its_conversations(store: &dyn Store) {
    let mut world = world(store);
    let of_other = |id, token| VisitorRecord {
        id: VisitorId(id),
        site: site("other"),
        token: TokenHash([token; 32]),
        created_at_ms: 5,
        used_at_ms: 5,
    };
    write_once(&mut *world.writer, |writer| writer.add_visitor(&of_other(70, 70))).unwrap();
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
        assert_eq!(
            write_once(writer, |writer| writer.remove_site(&site(id), keep, &By::command_line(1))),
            expected,
            "{id} {keep}"
        );
    }
    assert!(world.reader.settings_version().unwrap() > before);
    assert_eq!(world.reader.sites(), Ok(Vec::new()));
    assert_eq!(world.reader.site(&site("demo")), Err(StoreError::Missing));
    assert_eq!(world.reader.visitor_by_token(&TokenHash([70; 32])), Err(StoreError::Missing));
    assert_eq!(world.reader.conversations_of(&site("demo")), Ok((1, 1)), "its conversations are kept");
    let late = VisitorRecord { site: site("demo"), ..of_other(71, 71) };
    assert_eq!(write_once(writer, |writer| writer.add_visitor(&late)), Err(StoreError::Missing), "nobody new");
    let back = Site { id: site("demo"), name: "Back".to_owned(), origins: Vec::new() };
    write_once(writer, |writer| writer.put_site(&back, &By::command_line(1))).unwrap();
    assert_eq!(world.reader.sites(), Ok(vec![back]));
}

pub(crate) fn orphans_are_files_that_no_message_names(store: &dyn Store) {
    let mut world = world(store);
    for id in 1..=3 {
        let record = file(id, FIRST, Uploader::Visitor(ANNA));
        write_once(&mut *world.writer, |writer| writer.add_attachment(&record)).unwrap();
    }
    let name = NewEvent { id: MessageId(1), author: Author::Visitor, body: NewBody::File(AttachmentId(1)) };
    world.record(&from_visitor(ANNA, FIRST, vec![name]));
    assert!(world.reader.orphans(900, 10).unwrap().is_empty());
    assert_eq!(world.reader.orphans(901, 10).unwrap().len(), 2);
    assert_eq!(world.reader.orphans(901, 1).unwrap().len(), 1);
    let writer = &mut *world.writer;
    let mut remove = |id| write_once(writer, |writer| writer.remove_orphan(AttachmentId(id)));
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
        write_once(&mut *world.writer, |writer| writer.add_attachment(&record)).unwrap();
        // A repetition is no second file.
        write_once(&mut *world.writer, |writer| writer.add_attachment(&record)).unwrap();
    }
    let two = Kept { visitor_bytes: Kept::cost(2, 2 * bytes), site_bytes: Kept::cost(3, 3 * bytes) };
    assert_eq!(world.reader.kept(Some(ANNA), &site("demo")), Ok(two));
    assert_eq!(world.reader.kept(None, &site("demo")), Ok(Kept { visitor_bytes: 0, ..two }));
    assert_eq!(world.reader.kept(Some(BORIS), &site("other")), Ok(nothing));
    write_once(&mut *world.writer, |writer| writer.remove_orphan(AttachmentId(1))).unwrap();
    let one = Kept { visitor_bytes: Kept::cost(1, bytes), site_bytes: Kept::cost(2, 2 * bytes) };
    assert_eq!(world.reader.kept(Some(ANNA), &site("demo")), Ok(one));
}

//! The contract of requests that are carried out once: begun once, answered, forgotten with their answers, bounded for each asker.

use relay::store::{
    ANSWER_OWNER, REMEMBERED_BYTES_MAX, REMEMBERED_MAX, RememberedRequest, SealedRecord, StoreError, TokenHash,
    write_once,
};

use crate::records::Records;

fn request(item: &str, asker: &str, begun_at_ms: u64) -> RememberedRequest {
    let body = TokenHash([7; 32]);
    RememberedRequest { item: item.to_owned(), asker: asker.to_owned(), body, begun_at_ms, answer_bytes: None }
}

fn begin(world: &mut Records, request: &RememberedRequest) -> Result<(), StoreError> {
    write_once(&mut *world.writer, |writer| writer.begin_request(request))
}

fn answer(world: &mut Records, item: &str, bytes: usize) -> Result<(), StoreError> {
    let sealed = SealedRecord { owner: ANSWER_OWNER.to_owned(), item: item.to_owned(), value: vec![1; bytes] };
    write_once(&mut *world.writer, |writer| writer.answer_request(&sealed))
}

pub(crate) fn a_request_is_begun_once_answered_and_forgotten(mut world: Records) {
    let (first, second) = (request("a", "agent/1", 10), request("b", "agent/1", 20));
    begin(&mut world, &first).unwrap();
    assert_eq!(begin(&mut world, &RememberedRequest { begun_at_ms: 11, ..first.clone() }), Err(StoreError::Conflict));
    assert_eq!(world.reader.remembered_request("a"), Ok(first.clone()));
    assert_eq!(answer(&mut world, "b", 3), Err(StoreError::Missing));
    begin(&mut world, &second).unwrap();
    for item in ["a", "b"] {
        answer(&mut world, item, 3).unwrap();
    }
    let answered = RememberedRequest { answer_bytes: Some(3), ..first };
    assert_eq!(world.reader.remembered_request("a"), Ok(answered));
    assert_eq!(world.reader.sealed(ANSWER_OWNER, "a").map(|sealed| sealed.value), Ok(vec![1; 3]));
    write_once(&mut *world.writer, |writer| writer.forget_requests_before(20)).unwrap();
    assert_eq!(world.reader.remembered_request("a"), Err(StoreError::Missing));
    assert_eq!(world.reader.sealed(ANSWER_OWNER, "a"), Err(StoreError::Missing));
    assert!(world.reader.remembered_request("b").is_ok() && world.reader.sealed(ANSWER_OWNER, "b").is_ok());
    for _ in 0..2 {
        write_once(&mut *world.writer, |writer| writer.forget_request("b")).unwrap();
    }
    assert_eq!(world.reader.remembered_request("b"), Err(StoreError::Missing));
    assert_eq!(world.reader.sealed(ANSWER_OWNER, "b"), Err(StoreError::Missing));
}

pub(crate) fn what_one_asker_has_remembered_is_bounded(mut world: Records) {
    world.writer.begin().unwrap();
    for number in 0..REMEMBERED_MAX {
        world.writer.begin_request(&request(&format!("{number}"), "agent/1", 10)).unwrap();
    }
    world.writer.commit().unwrap();
    assert_eq!(begin(&mut world, &request("more", "agent/1", 10)), Err(StoreError::Busy), "none has an answer");
    // The oldest that was answered makes room, with its answer; those that are under way stay.
    for item in ["7", "9"] {
        answer(&mut world, item, 3).unwrap();
    }
    assert_eq!(begin(&mut world, &request("7", "agent/1", 10)), Err(StoreError::Conflict));
    begin(&mut world, &request("more", "agent/1", 10)).unwrap();
    assert_eq!(world.reader.remembered_request("7"), Err(StoreError::Missing));
    assert_eq!(world.reader.sealed(ANSWER_OWNER, "7"), Err(StoreError::Missing));
    assert!(world.reader.remembered_request("0").is_ok() && world.reader.remembered_request("9").is_ok());
    // Others have their own.
    begin(&mut world, &request("first", "key/1", 10)).unwrap();
    answer(&mut world, "first", usize::try_from(REMEMBERED_BYTES_MAX).unwrap()).unwrap();
    begin(&mut world, &request("second", "key/1", 10)).unwrap();
    assert_eq!(world.reader.remembered_request("first"), Err(StoreError::Missing), "too many bytes");
    write_once(&mut *world.writer, |writer| writer.forget_requests_before(11)).unwrap();
    for asker in ["agent/1", "key/1"] {
        begin(&mut world, &request(asker, asker, 11)).unwrap();
    }
}

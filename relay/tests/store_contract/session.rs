//! Sign-ins: kept, used, confirmed, revoked, and bounded for each agent.

use relay::store::{RecordReader, SESSIONS_PER_AGENT_MAX, SessionRecord, StoreError, TokenHash};
use wire::{AgentId, Tag};

use crate::fixture::{KIM, LEE};
use crate::records::{Records, agent, change};

pub(crate) fn session(number: u8, agent: AgentId) -> SessionRecord {
    SessionRecord {
        token: TokenHash([number; 32]),
        id: number.into(),
        agent,
        created_at_ms: 10,
        used_at_ms: 10,
        confirmed_at_ms: 10,
        browser: "Firefox, Linux".to_owned(),
        from: Some(Tag(u64::MAX - 1)),
    }
}

pub(crate) fn sessions_are_kept_touched_and_revoked(mut world: Records) {
    let writer = &mut *world.writer;
    assert_eq!(change(writer, |writer| writer.add_session(&session(1, KIM))), Err(StoreError::Missing));
    change(writer, |writer| writer.put_agent(&agent(KIM, "kim@example.com"))).unwrap();
    change(writer, |writer| writer.put_agent(&agent(LEE, "lee@example.com"))).unwrap();
    for (token, of) in [(1, KIM), (2, KIM), (3, KIM), (4, LEE)] {
        change(writer, |writer| writer.add_session(&session(token, of))).unwrap();
    }
    change(writer, |writer| writer.touch_session(&TokenHash([1; 32]), 50)).unwrap();
    change(writer, |writer| writer.confirm_session(&TokenHash([1; 32]), 40)).unwrap();
    let mut version = world.reader.settings_version().unwrap();
    let mut is_raised = |reader: &mut dyn RecordReader| {
        let before = std::mem::replace(&mut version, reader.settings_version().unwrap());
        version > before
    };
    let used = SessionRecord { used_at_ms: 50, confirmed_at_ms: 40, ..session(1, KIM) };
    assert_eq!(world.reader.session(&TokenHash([1; 32])), Ok(used.clone()));
    assert_eq!(world.reader.session_by_id(1), Ok(used.clone()));
    assert_eq!(world.reader.session_by_id(9), Err(StoreError::Missing));
    assert_eq!(world.reader.sessions_of(KIM), Ok(vec![session(3, KIM), session(2, KIM), used.clone()]));
    change(writer, |writer| writer.remove_session(&TokenHash([2; 32]))).unwrap();
    assert!(is_raised(&mut *world.reader));
    change(writer, |writer| writer.remove_session(&TokenHash([9; 32]))).unwrap();
    assert!(!is_raised(&mut *world.reader), "nothing was revoked");
    assert_eq!(world.reader.session(&TokenHash([2; 32])), Err(StoreError::Missing));
    change(writer, |writer| writer.remove_sessions_before(20, 0)).unwrap();
    assert!(is_raised(&mut *world.reader));
    assert_eq!(world.reader.sessions_of(KIM), Ok(vec![used]));
    assert_eq!(world.reader.sessions_of(LEE), Ok(Vec::new()));
    change(writer, |writer| writer.add_session(&session(5, LEE))).unwrap();
    change(writer, |writer| writer.add_session(&session(6, KIM))).unwrap();
    change(writer, |writer| writer.remove_sessions_of(KIM, Some(&TokenHash([6; 32])))).unwrap();
    assert!(is_raised(&mut *world.reader));
    assert_eq!(world.reader.sessions_of(KIM), Ok(vec![session(6, KIM)]));
    change(writer, |writer| writer.remove_sessions_of(KIM, None)).unwrap();
    assert!(is_raised(&mut *world.reader));
    assert_eq!(world.reader.sessions_of(KIM), Ok(Vec::new()));
    assert_eq!(world.reader.sessions_of(LEE), Ok(vec![session(5, LEE)]));
    let late = SessionRecord { created_at_ms: 30, used_at_ms: 30, ..session(7, LEE) };
    change(writer, |writer| writer.add_session(&late)).unwrap();
    change(writer, |writer| writer.remove_sessions_before(0, 30)).unwrap();
    assert_eq!(world.reader.sessions_of(LEE), Ok(vec![late]), "what was made before goes, however much it is used");
}

pub(crate) fn the_latest_use_of_each_agents_sessions_is_found(mut world: Records) {
    let writer = &mut *world.writer;
    for (id, email) in [(KIM, "kim@example.com"), (LEE, "lee@example.com")] {
        change(writer, |writer| writer.put_agent(&agent(id, email))).unwrap();
    }
    assert_eq!(world.reader.sessions_used(0, 0), Ok([].into()));
    for (number, of, created_at_ms, used_at_ms) in
        [(1, KIM, 10, 70), (2, KIM, 20, 50), (3, LEE, 30, 40), (4, LEE, 30, 30)]
    {
        let session = SessionRecord { created_at_ms, used_at_ms, ..session(number, of) };
        change(writer, |writer| writer.add_session(&session)).unwrap();
    }
    for ((used_at_ms, created_at_ms), expected) in [
        ((0, 0), vec![(KIM, 70), (LEE, 40)]),
        ((40, 20), vec![(KIM, 50), (LEE, 40)]),
        ((41, 10), vec![(KIM, 70)]),
        ((0, 31), vec![]),
    ] {
        let found = world.reader.sessions_used(used_at_ms, created_at_ms);
        assert_eq!(found, Ok(expected.into_iter().collect()), "{used_at_ms} {created_at_ms}");
    }
}

pub(crate) fn beyond_a_bound_the_unused_session_ends(mut world: Records) {
    let writer = &mut *world.writer;
    change(writer, |writer| writer.put_agent(&agent(KIM, "kim@example.com"))).unwrap();
    change(writer, |writer| writer.put_agent(&agent(LEE, "lee@example.com"))).unwrap();
    change(writer, |writer| writer.add_session(&session(200, LEE))).unwrap();
    for number in 0..u8::try_from(SESSIONS_PER_AGENT_MAX).unwrap() {
        let used_at_ms = 1_000 - u64::from(number);
        change(writer, |writer| writer.add_session(&SessionRecord { used_at_ms, ..session(number, KIM) })).unwrap();
    }
    let before = world.reader.settings_version().unwrap();
    change(writer, |writer| writer.add_session(&SessionRecord { used_at_ms: 2_000, ..session(150, KIM) })).unwrap();
    assert!(world.reader.settings_version().unwrap() > before, "one has ended");
    let kept = world.reader.sessions_of(KIM).unwrap();
    assert_eq!(kept.len(), SESSIONS_PER_AGENT_MAX);
    let oldest = u128::try_from(SESSIONS_PER_AGENT_MAX - 1).unwrap();
    assert!(kept.iter().any(|session| session.id == 150) && kept.iter().all(|session| session.id != oldest));
    assert_eq!(world.reader.sessions_of(LEE).unwrap().len(), 1, "a colleague's stays");
}

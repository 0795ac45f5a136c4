//! Passkeys.

use relay::store::{PASSKEYS_PER_AGENT_MAX, PasskeyRecord, PasskeyUse, SecondFactorRecord, StoreError, TokenHash};
use wire::AgentId;

use crate::fixture::{KIM, LEE};
use crate::records::{Records, agent, change};

fn passkey(id: u128, agent: AgentId) -> PasskeyRecord {
    PasskeyRecord {
        id,
        agent,
        credential: [b"credential ".as_slice(), &id.to_be_bytes()].concat(),
        host: "localhost".to_owned(),
        name: format!("Key {id}"),
        key: vec![7; 300],
        verifies: id % 2 == 1,
        synced: id.is_multiple_of(2),
        transports: 255,
        counter: u32::MAX - 1,
        made_at_ms: 100 - u64::try_from(id).unwrap(),
        used_at_ms: None,
    }
}

pub(crate) fn passkeys_are_kept_counted_and_removed(mut world: Records) {
    let writer = &mut *world.writer;
    assert_eq!(change(writer, |writer| writer.add_passkey(&passkey(1, KIM))), Err(StoreError::Missing));
    for (id, email) in [(KIM, "kim@example.com"), (LEE, "lee@example.com")] {
        change(writer, |writer| writer.put_agent(&agent(id, email))).unwrap();
    }
    for (id, of) in [(1, KIM), (2, KIM), (3, LEE)] {
        change(writer, |writer| writer.add_passkey(&passkey(id, of))).unwrap();
    }
    let same = PasskeyRecord { credential: passkey(1, KIM).credential, ..passkey(4, LEE) };
    assert_eq!(
        change(writer, |writer| writer.add_passkey(&same)),
        Err(StoreError::Conflict),
        "one credential, one owner"
    );
    assert_eq!(world.reader.passkeys_of(KIM), Ok(vec![passkey(2, KIM), passkey(1, KIM)]), "the first made first");
    assert_eq!(world.reader.passkey(&passkey(3, LEE).credential), Ok(passkey(3, LEE)));
    assert_eq!(world.reader.passkey(b"another"), Err(StoreError::Missing));

    let used = |counter_before, counter| PasskeyUse { id: 1, counter_before, counter, at_ms: 500 };
    for (counter_before, counter, expected) in [
        (0, 9, Err(StoreError::Conflict)),
        (u32::MAX - 1, u32::MAX, Ok(())),
        (u32::MAX - 1, u32::MAX, Err(StoreError::Conflict)),
    ] {
        assert_eq!(
            change(writer, |writer| writer.use_passkey(&used(counter_before, counter))),
            expected,
            "{counter_before}"
        );
    }
    let unknown = PasskeyUse { id: 9, ..used(0, 1) };
    assert_eq!(change(writer, |writer| writer.use_passkey(&unknown)), Err(StoreError::Conflict));
    let expected = PasskeyRecord { counter: u32::MAX, used_at_ms: Some(500), ..passkey(1, KIM) };
    assert_eq!(world.reader.passkey(&expected.credential), Ok(expected));

    assert_eq!(change(writer, |writer| writer.remove_passkey(LEE, 1)), Err(StoreError::Missing), "of another");
    change(writer, |writer| writer.remove_passkey(KIM, 1)).unwrap();
    assert_eq!(change(writer, |writer| writer.remove_passkey(KIM, 1)), Err(StoreError::Missing));
    for id in 0..PASSKEYS_PER_AGENT_MAX as u128 - 1 {
        change(writer, |writer| writer.add_passkey(&passkey(20 + id, KIM))).unwrap();
    }
    assert_eq!(change(writer, |writer| writer.add_passkey(&passkey(50, KIM))), Err(StoreError::Busy));
    change(writer, |writer| writer.add_passkey(&passkey(51, LEE))).unwrap();
    change(writer, |writer| writer.remove_agent(LEE)).unwrap();
    assert_eq!(world.reader.passkeys_of(LEE), Ok(Vec::new()));
    change(writer, |writer| writer.remove_passkeys_of(KIM)).unwrap();
    assert_eq!(world.reader.passkeys_of(KIM), Ok(Vec::new()));
}

pub(crate) fn recovery_codes_go_with_the_last_second_factor(mut world: Records) {
    let writer = &mut *world.writer;
    let codes = vec![TokenHash([1; 32])];
    change(writer, |writer| writer.put_agent(&agent(KIM, "kim@example.com"))).unwrap();
    let put = |writer: &mut dyn relay::store::RecordWriter| {
        writer.put_second_factor(&SecondFactorRecord { agent: KIM, made_at_ms: 1, used_step: 1 })?;
        writer.add_passkey(&passkey(1, KIM))?;
        writer.put_recovery_codes(KIM, &codes)
    };
    change(writer, |writer| writer.put_agent(&agent(LEE, "lee@example.com"))).unwrap();
    assert_eq!(world.reader.agents_with_second_factor(), Ok([].into()));
    change(writer, put).unwrap();
    change(writer, |writer| writer.add_passkey(&passkey(2, LEE))).unwrap();
    assert_eq!(world.reader.agents_with_second_factor(), Ok([KIM, LEE].into()), "by both, and by a passkey alone");
    change(writer, |writer| writer.remove_second_factor(KIM)).unwrap();
    assert_eq!(world.reader.recovery_codes(KIM), Ok(codes.clone()), "the passkey is left");
    change(writer, |writer| writer.remove_passkey(KIM, 1)).unwrap();
    assert_eq!(world.reader.recovery_codes(KIM), Ok(Vec::new()));
    assert_eq!(world.reader.agents_with_second_factor(), Ok([LEE].into()));
    change(writer, put).unwrap();
    change(writer, |writer| writer.remove_passkeys_of(KIM)).unwrap();
    assert_eq!(world.reader.recovery_codes(KIM), Ok(codes.clone()), "the code is left");
    change(writer, |writer| writer.remove_second_factor(KIM)).unwrap();
    assert_eq!(world.reader.recovery_codes(KIM), Ok(Vec::new()));
}

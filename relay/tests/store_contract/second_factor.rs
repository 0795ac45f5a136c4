//! Second factors by code, recovery codes, and since when agents have their roles.

use relay::store::{SecondFactorRecord, StoreError, TokenHash};
use relay_settings::BuiltInRole;
use wire::AgentId;

use crate::fixture::{KIM, LEE};
use crate::records::{Records, agent, change};

fn factor(agent: AgentId, used_step: u64) -> SecondFactorRecord {
    SecondFactorRecord { agent, made_at_ms: 10, used_step }
}

pub(crate) fn a_code_and_a_recovery_code_work_once(mut world: Records) {
    let writer = &mut *world.writer;
    let codes: Vec<_> = (1..=3).map(|code| TokenHash([code; 32])).collect();
    assert_eq!(change(writer, |writer| writer.put_second_factor(&factor(KIM, 7))), Err(StoreError::Missing));
    assert_eq!(change(writer, |writer| writer.put_recovery_codes(KIM, &codes)), Err(StoreError::Missing));
    for (id, email) in [(KIM, "kim@example.com"), (LEE, "lee@example.com")] {
        change(writer, |writer| writer.put_agent(&agent(id, email))).unwrap();
        change(writer, |writer| writer.put_second_factor(&factor(id, 7))).unwrap();
        change(writer, |writer| writer.put_recovery_codes(id, &codes)).unwrap();
    }
    for (step, expected) in
        [(7, Err(StoreError::Conflict)), (6, Err(StoreError::Conflict)), (8, Ok(())), (8, Err(StoreError::Conflict))]
    {
        assert_eq!(change(writer, |writer| writer.use_step(KIM, step)), expected, "{step}");
    }
    assert_eq!(world.reader.second_factor(KIM), Ok(factor(KIM, 8)));
    assert_eq!(world.reader.second_factor(LEE), Ok(factor(LEE, 7)));
    assert_eq!(world.reader.agents_with_second_factor(), Ok([KIM, LEE].into()));
    for expected in [Ok(()), Err(StoreError::Conflict)] {
        assert_eq!(change(writer, |writer| writer.spend_recovery_code(KIM, &codes[1])), expected);
    }
    assert_eq!(world.reader.recovery_codes(KIM), Ok(vec![codes[0], codes[2]]));
    assert_eq!(world.reader.recovery_codes(LEE), Ok(codes.clone()));
    // Who is changed keeps it.
    change(writer, |writer| writer.put_agent(&agent(KIM, "kim@example.org"))).unwrap();
    assert_eq!(world.reader.second_factor(KIM), Ok(factor(KIM, 8)));
    change(writer, |writer| writer.put_recovery_codes(KIM, &codes[..1])).unwrap();
    assert_eq!(world.reader.recovery_codes(KIM), Ok(codes[..1].to_vec()), "in place of those before");
    change(writer, |writer| writer.remove_second_factor(KIM)).unwrap();
    change(writer, |writer| writer.remove_second_factor(KIM)).unwrap();
    assert_eq!(world.reader.second_factor(KIM), Err(StoreError::Missing));
    assert_eq!(world.reader.recovery_codes(KIM), Ok(Vec::new()));
    assert_eq!(change(writer, |writer| writer.use_step(KIM, 99)), Err(StoreError::Conflict));
    change(writer, |writer| writer.remove_agent(LEE)).unwrap();
    assert_eq!(world.reader.second_factor(LEE), Err(StoreError::Missing));
    assert_eq!(world.reader.agents_with_second_factor(), Ok([].into()));
}

pub(crate) fn since_when_an_agent_has_a_role_is_noted(mut world: Records) {
    let writer = &mut *world.writer;
    let mut kim = agent(KIM, "kim@example.com");
    change(writer, |writer| writer.put_agent(&kim)).unwrap();
    let first = world.reader.roles_given(KIM).unwrap();
    assert!(first.keys().eq(&kim.roles) && first.values().all(|at_ms| relay::clock::now_ms() - at_ms < 60_000));
    kim.roles.insert(BuiltInRole::Agent.document_id());
    change(writer, |writer| writer.put_agent(&kim)).unwrap();
    let both = world.reader.roles_given(KIM).unwrap();
    assert!(both.keys().eq(&kim.roles) && first.iter().all(|(role, at_ms)| both[role] == *at_ms), "{both:?}");
    kim.roles = [BuiltInRole::Agent.document_id()].into();
    change(writer, |writer| writer.put_agent(&kim)).unwrap();
    assert!(world.reader.roles_given(KIM).unwrap().keys().eq(&kim.roles));
    assert!(world.reader.roles_given(LEE).unwrap().is_empty());
}

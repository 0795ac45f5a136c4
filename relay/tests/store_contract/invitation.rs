//! The contract of invitations: one for each address or account, used once, together with what it makes.

use relay::audit::Who;
use relay::store::{
    AgentRecord, INVITATIONS_MAX, InvitationRecord, Invited, RecordWriter, StoreError, TokenHash, write_once,
};
use relay_settings::Scope;
use wire::InvitationId;

use crate::fixture::{KIM, LEE};
use crate::records::{Records, agent};

fn invitation(id: u32, email: &str) -> InvitationRecord {
    let mut token = TokenHash([0; 32]);
    token.0[..4].copy_from_slice(&id.to_be_bytes());
    InvitationRecord {
        id: InvitationId(id.into()),
        token,
        what: Invited::Colleague {
            email: email.to_owned(),
            name: "Kim 金".to_owned(),
            roles: ["agent".parse().unwrap()].into(),
            scope: Scope::EVERYWHERE,
            capacity: 4,
        },
        made_by: Who::CommandLine,
        made_at_ms: 10,
        until_ms: 20,
    }
}

fn write(
    world: &mut Records,
    change: impl FnOnce(&mut dyn RecordWriter) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    write_once(&mut *world.writer, |writer| change(writer))
}

fn put(world: &mut Records, invitation: &InvitationRecord) -> Result<(), StoreError> {
    write(world, |writer| writer.put_invitation(invitation))
}

pub(crate) fn an_invitation_works_once_and_another_takes_its_place(mut world: Records) {
    let (first, second) = (invitation(1, "kim@example.com"), invitation(2, "KIM@example.com"));
    let password = InvitationRecord { what: Invited::Password { agent: KIM }, ..invitation(3, "") };
    put(&mut world, &first).unwrap();
    assert_eq!(world.reader.invitation(&first.token), Ok(first.clone()));
    put(&mut world, &second).unwrap();
    put(&mut world, &password).unwrap();
    assert_eq!(world.reader.invitation(&first.token), Err(StoreError::Missing));
    assert_eq!(world.reader.invitations(), Ok(vec![second.clone(), password.clone()]));
    for taken in [
        InvitationRecord { id: second.id, ..invitation(7, "other@example.com") },
        InvitationRecord { token: second.token, ..invitation(7, "other@example.com") },
    ] {
        assert_eq!(put(&mut world, &taken), Err(StoreError::Conflict));
    }
    for expected in [Ok(()), Err(StoreError::Missing)] {
        assert_eq!(write(&mut world, |writer| writer.remove_invitation(second.id)), expected);
    }
    for id in 10..10 + u32::try_from(INVITATIONS_MAX).unwrap() - 1 {
        put(&mut world, &invitation(id, &format!("{id}@example.com"))).unwrap();
    }
    assert_eq!(put(&mut world, &invitation(5_000, "late@example.com")), Err(StoreError::Busy));
    // Those that have ended make room.
    let later = InvitationRecord { made_at_ms: 20, until_ms: 30, ..invitation(5_000, "late@example.com") };
    put(&mut world, &later).unwrap();
    assert_eq!(world.reader.invitations(), Ok(vec![later]));
}

pub(crate) fn an_invitation_is_used_up_with_its_account_or_not_at_all(mut world: Records) {
    let accept = |world: &mut Records, id: u32, before: Option<&AgentRecord>, after: &AgentRecord| {
        write(world, |writer| writer.accept_invitation(InvitationId(id.into()), before, after))
    };
    for id in [1, 2, 3] {
        put(&mut world, &invitation(id, &format!("{id}@example.com"))).unwrap();
    }
    let (kim, lee) = (agent(KIM, "kim@example.com"), agent(LEE, "KIM@example.com"));
    let settings = world.reader.settings_version().unwrap();
    assert_eq!(accept(&mut world, 1, None, &kim), Ok(()));
    assert!(world.reader.settings_version().unwrap() > settings);
    // Used: nothing is made with it again. Refused: it can still be used.
    assert_eq!(accept(&mut world, 1, None, &agent(LEE, "lee@example.com")), Err(StoreError::Missing));
    assert_eq!(accept(&mut world, 2, None, &lee), Err(StoreError::Conflict));
    let changed = AgentRecord { password_hash: "new".to_owned(), ..kim.clone() };
    assert_eq!(accept(&mut world, 2, Some(&changed), &kim), Err(StoreError::Conflict));
    let unknown = AgentRecord { roles: ["none".parse().unwrap()].into(), ..agent(LEE, "lee@example.com") };
    assert_eq!(accept(&mut world, 2, None, &unknown), Err(StoreError::Missing));
    assert_eq!(world.reader.agents(), Ok(vec![kim.clone()]));
    assert_eq!(world.reader.invitations().unwrap().len(), 2);
    assert_eq!(accept(&mut world, 2, Some(&kim), &changed), Ok(()));
    assert_eq!(world.reader.agents(), Ok(vec![changed]));
}

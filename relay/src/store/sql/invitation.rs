//! Invitations.

use wire::InvitationId;

use super::{Failure, Row, Sql, SqlError, SqlReader, SqlWriter, agent, count, documents, refuse, row};
use crate::store::records::{INVITATIONS_MAX, InvitationReader, InvitationRecord, InvitationWriter};
use crate::store::{AgentRecord, StoreError, TokenHash, staff};

/// The columns of [`read`], in its order.
macro_rules! columns {
    () => {
        "id, token, what, made_by, made_at_ms, until_ms"
    };
}

impl<W: SqlWriter> InvitationWriter for W {
    fn put_invitation(&mut self, invitation: &InvitationRecord) -> Result<(), StoreError> {
        const ROOM: &str = "DELETE FROM invitation WHERE subject = $1 OR until_ms <= $2";
        const FULL: &str = "SELECT id FROM invitation ORDER BY id LIMIT 1 OFFSET $1";
        const SQL: &str =
            concat!("INSERT INTO invitation (", columns!(), ", subject) VALUES ($1, $2, $3, $4, $5, $6, $7)");
        let json = |text: serde_json::Result<String>| text.map_err(|_| StoreError::Down);
        let what = json(serde_json::to_string(&invitation.what))?;
        let made_by = json(serde_json::to_string(&invitation.made_by))?;
        let subject = invitation.what.subject();
        self.request(|sql| {
            // Raised first: in PostgreSQL this makes changes of invitations and documents wait for each other.
            sql.settings_changed()?;
            staff::check_named(invitation.documents(), |named| {
                Ok::<_, Failure<StoreError>>(documents::find(sql, named)?.is_some())
            })?;
            sql.execute(ROOM, &[(&subject).into(), invitation.made_at_ms.into()])?;
            if sql.exists(FULL, &[count(INVITATIONS_MAX - 1)])? {
                return Err(Failure::Refused(StoreError::Busy));
            }
            let values = [
                invitation.id.0.into(),
                (&invitation.token.0).into(),
                (&what).into(),
                (&made_by).into(),
                invitation.made_at_ms.into(),
                invitation.until_ms.into(),
                (&subject).into(),
            ];
            sql.execute(SQL, &values).map_err(refuse(StoreError::Conflict))?;
            Ok(())
        })
    }

    fn remove_invitation(&mut self, id: InvitationId) -> Result<(), StoreError> {
        self.request(|sql| remove(sql, id))
    }

    fn accept_invitation(
        &mut self,
        id: InvitationId,
        before: Option<&AgentRecord>,
        after: &AgentRecord,
    ) -> Result<(), StoreError> {
        self.request(|sql| {
            remove(sql, id)?;
            match before {
                Some(before) => agent::replace(sql, before, after),
                // A fresh id replaces nobody.
                None => agent::put(sql, after),
            }
        })
    }
}

/// All invitations, by id.
pub(super) fn all(sql: &mut dyn Sql) -> Result<Vec<InvitationRecord>, SqlError> {
    sql.all(concat!("SELECT ", columns!(), " FROM invitation ORDER BY id"), &[], read)
}

fn remove(sql: &mut dyn Sql, id: InvitationId) -> super::Changed<()> {
    let removed = sql.execute("DELETE FROM invitation WHERE id = $1", &[id.0.into()])?;
    if removed == 0 { Err(Failure::Refused(StoreError::Missing)) } else { Ok(()) }
}

impl<R: SqlReader> InvitationReader for R {
    fn invitations(&mut self) -> Result<Vec<InvitationRecord>, StoreError> {
        self.look_up(all)
    }

    fn invitation(&mut self, token: &TokenHash) -> Result<InvitationRecord, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM invitation WHERE token = $1");
        self.find(|sql| sql.one(SQL, &[(&token.0).into()], read))
    }
}

fn read(row: &dyn Row) -> Result<InvitationRecord, SqlError> {
    Ok(InvitationRecord {
        id: InvitationId(row.id(0)?),
        token: row.token(1)?,
        what: serde_json::from_str(&row.text(2)?).map_err(|_| row::wrong(2))?,
        made_by: serde_json::from_str(&row.text(3)?).map_err(|_| row::wrong(3))?,
        made_at_ms: row.number(4)?,
        until_ms: row.number(5)?,
    })
}

//! Passkeys.

use wire::AgentId;

use super::{Changed, Failure, Row, Sql, SqlError, SqlReader, SqlWriter, Value, count, refuse, second_factor};
use crate::store::StoreError;
use crate::store::records::{PASSKEYS_PER_AGENT_MAX, PasskeyReader, PasskeyRecord, PasskeyUse, PasskeyWriter};

/// The columns of [`read`], in its order.
macro_rules! columns {
    () => {
        "id, agent, credential, host, name, public_key, verifies, synced, transports, counter, made_at_ms, used_at_ms"
    };
}

impl<W: SqlWriter> PasskeyWriter for W {
    fn add_passkey(&mut self, passkey: &PasskeyRecord) -> Result<(), StoreError> {
        // In PostgreSQL of two that are added at once the second waits for the first and counts it.
        const LOCK: &str = "UPDATE agent SET disabled = disabled WHERE id = $1";
        const FULL: &str = "SELECT id FROM passkey WHERE agent = $1 ORDER BY id LIMIT 1 OFFSET $2";
        const SQL: &str = concat!(
            "INSERT INTO passkey (",
            columns!(),
            ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
        );
        self.request(|sql| {
            let agent = passkey.agent.0;
            if sql.execute(LOCK, &[agent.into()])? == 0 {
                return Err(Failure::Refused(StoreError::Missing));
            }
            if sql.exists(FULL, &[agent.into(), count(PASSKEYS_PER_AGENT_MAX - 1)])? {
                return Err(Failure::Refused(StoreError::Busy));
            }
            let values = [
                passkey.id.into(),
                agent.into(),
                Value::Bytes(&passkey.credential),
                (&passkey.host).into(),
                (&passkey.name).into(),
                Value::Bytes(&passkey.key),
                passkey.verifies.into(),
                passkey.synced.into(),
                u32::from(passkey.transports).into(),
                passkey.counter.into(),
                passkey.made_at_ms.into(),
                passkey.used_at_ms.into(),
            ];
            sql.execute(SQL, &values).map_err(refuse(StoreError::Conflict))?;
            Ok(())
        })
    }

    fn use_passkey(&mut self, used: &PasskeyUse) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE passkey SET counter = $1, used_at_ms = $2 WHERE id = $3 AND counter = $4";
        self.request(|sql| {
            let values = [used.counter.into(), used.at_ms.into(), used.id.into(), used.counter_before.into()];
            changed_one(sql.execute(SQL, &values)?, StoreError::Conflict)
        })
    }

    fn remove_passkey(&mut self, agent: AgentId, id: u128) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM passkey WHERE agent = $1 AND id = $2";
        self.request(|sql| {
            changed_one(sql.execute(SQL, &[agent.0.into(), id.into()])?, StoreError::Missing)?;
            second_factor::forget_recovery_codes(sql, agent)
        })
    }

    fn remove_passkeys_of(&mut self, agent: AgentId) -> Result<(), StoreError> {
        self.request(|sql| {
            sql.execute("DELETE FROM passkey WHERE agent = $1", &[agent.0.into()])?;
            second_factor::forget_recovery_codes(sql, agent)
        })
    }
}

impl<R: SqlReader> PasskeyReader for R {
    fn passkey(&mut self, credential: &[u8]) -> Result<PasskeyRecord, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM passkey WHERE credential = $1");
        self.find(|sql| sql.one(SQL, &[Value::Bytes(credential)], read))
    }

    fn passkeys_of(&mut self, agent: AgentId) -> Result<Vec<PasskeyRecord>, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM passkey WHERE agent = $1 ORDER BY made_at_ms, id");
        self.look_up(|sql: &mut dyn Sql| sql.all(SQL, &[agent.0.into()], read))
    }
}

fn changed_one(rows: u64, otherwise: StoreError) -> Changed<()> {
    if rows == 1 { Ok(()) } else { Err(Failure::Refused(otherwise)) }
}

fn read(row: &dyn Row) -> Result<PasskeyRecord, SqlError> {
    Ok(PasskeyRecord {
        id: row.id(0)?,
        agent: AgentId(row.id(1)?),
        credential: row.long_bytes(2)?,
        host: row.text(3)?,
        name: row.text(4)?,
        key: row.long_bytes(5)?,
        verifies: row.flag(6)?,
        synced: row.flag(7)?,
        transports: row.number(8)?,
        counter: row.number(9)?,
        made_at_ms: row.number(10)?,
        used_at_ms: row.optional_number(11)?,
    })
}

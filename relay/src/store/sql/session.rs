//! Agents' sign-ins.

use std::collections::BTreeMap;

use wire::AgentId;

use super::{Changed, Row, Sql, SqlError, SqlReader, SqlWriter, Value, count, refuse};
use crate::store::{SESSIONS_PER_AGENT_MAX, SessionReader, SessionRecord, SessionWriter, StoreError, TokenHash};

/// The columns of [`read`], in its order.
macro_rules! columns {
    () => {
        "token, id, agent, created_at_ms, used_at_ms, confirmed_at_ms, browser, from_tag"
    };
}

impl<W: SqlWriter> SessionWriter for W {
    fn add_session(&mut self, session: &SessionRecord) -> Result<(), StoreError> {
        const SQL: &str =
            concat!("INSERT INTO agent_session (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
        const UNUSED: &str = "DELETE FROM agent_session WHERE agent = $1 AND token NOT IN \
            (SELECT token FROM agent_session WHERE agent = $1 ORDER BY used_at_ms DESC, token DESC LIMIT $2)";
        self.request(|sql| {
            let agent = session.agent.0;
            let values = [
                (&session.token.0).into(),
                session.id.into(),
                agent.into(),
                session.created_at_ms.into(),
                session.used_at_ms.into(),
                session.confirmed_at_ms.into(),
                (&session.browser).into(),
                session.from.map_or(Value::Null, |tag| Value::Number(tag.0.cast_signed())),
            ];
            sql.execute(SQL, &values).map_err(refuse(StoreError::Missing))?;
            let removed = sql.execute(UNUSED, &[agent.into(), count(SESSIONS_PER_AGENT_MAX)])?;
            revoked(sql, removed)
        })
    }

    fn touch_session(&mut self, token: &TokenHash, used_at_ms: u64) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE agent_session SET used_at_ms = $1 WHERE token = $2";
        self.request(|sql| {
            sql.execute(SQL, &[used_at_ms.into(), (&token.0).into()])?;
            Ok(())
        })
    }

    fn confirm_session(&mut self, token: &TokenHash, at_ms: u64) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE agent_session SET confirmed_at_ms = $1 WHERE token = $2";
        self.request(|sql| {
            sql.execute(SQL, &[at_ms.into(), (&token.0).into()])?;
            Ok(())
        })
    }

    fn remove_session(&mut self, token: &TokenHash) -> Result<(), StoreError> {
        self.request(|sql| {
            let removed = sql.execute("DELETE FROM agent_session WHERE token = $1", &[(&token.0).into()])?;
            revoked(sql, removed)
        })
    }

    fn remove_sessions_of(&mut self, agent: AgentId, but: Option<&TokenHash>) -> Result<(), StoreError> {
        // No token is empty.
        const SQL: &str = "DELETE FROM agent_session WHERE agent = $1 AND token <> $2";
        self.request(|sql| {
            let but = but.map_or(Value::Bytes(&[]), |token| Value::Bytes(&token.0));
            let removed = sql.execute(SQL, &[agent.0.into(), but])?;
            revoked(sql, removed)
        })
    }

    fn remove_sessions_before(&mut self, used_at_ms: u64, created_at_ms: u64) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM agent_session WHERE used_at_ms < $1 OR created_at_ms < $2";
        self.request(|sql| {
            let removed = sql.execute(SQL, &[used_at_ms.into(), created_at_ms.into()])?;
            revoked(sql, removed)
        })
    }
}

impl<R: SqlReader> SessionReader for R {
    fn session(&mut self, token: &TokenHash) -> Result<SessionRecord, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM agent_session WHERE token = $1");
        self.find(|sql| sql.one(SQL, &[(&token.0).into()], read))
    }

    fn session_by_id(&mut self, id: u128) -> Result<SessionRecord, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM agent_session WHERE id = $1");
        self.find(|sql| sql.one(SQL, &[id.into()], read))
    }

    fn sessions_of(&mut self, agent: AgentId) -> Result<Vec<SessionRecord>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM agent_session WHERE agent = $1 ORDER BY created_at_ms DESC, token DESC"
        );
        self.look_up(|sql| sql.all(SQL, &[agent.0.into()], read))
    }

    fn sessions_used(&mut self, used_at_ms: u64, created_at_ms: u64) -> Result<BTreeMap<AgentId, u64>, StoreError> {
        const SQL: &str = "SELECT agent, max(used_at_ms) FROM agent_session \
            WHERE used_at_ms >= $1 AND created_at_ms >= $2 GROUP BY agent";
        self.look_up(|sql| {
            let used = sql.all(SQL, &[used_at_ms.into(), created_at_ms.into()], |row| {
                Ok((AgentId(row.id(0)?), row.number(1)?))
            })?;
            Ok(used.into_iter().collect())
        })
    }
}

/// Raises the settings version, so that every open sign-in is checked again.
fn revoked(sql: &mut dyn Sql, removed: u64) -> Changed<()> {
    if removed == 0 { Ok(()) } else { sql.settings_changed() }
}

fn read(row: &dyn Row) -> Result<SessionRecord, SqlError> {
    Ok(SessionRecord {
        token: row.token(0)?,
        id: row.id(1)?,
        agent: AgentId(row.id(2)?),
        created_at_ms: row.number(3)?,
        used_at_ms: row.number(4)?,
        confirmed_at_ms: row.number(5)?,
        browser: row.text(6)?,
        from: row.tag(7)?,
    })
}

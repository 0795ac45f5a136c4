//! Agents and their browsers.

use relay_settings::{DocumentId, Kind};
use serde::Serialize;
use wire::AgentId;

use super::{Changed, Failure, Row, Sql, SqlError, SqlReader, SqlWriter, count, documents, refuse, row, second_factor};
use crate::store::records::DEVICES_PER_AGENT_MAX;
use crate::store::{AgentReader, AgentRecord, AgentWriter, DeviceRecord, StoreError, TokenHash, staff};

/// The columns of [`read`], in its order.
macro_rules! columns {
    () => {
        "id, email, name, roles, capacity, password_hash, disabled, scope, hours"
    };
}

impl<W: SqlWriter> AgentWriter for W {
    fn put_agent(&mut self, agent: &AgentRecord) -> Result<(), StoreError> {
        self.request(|sql| put(sql, agent))
    }

    fn replace_agent(&mut self, before: &AgentRecord, after: &AgentRecord) -> Result<(), StoreError> {
        self.request(|sql| replace(sql, before, after))
    }

    fn add_first_agent(&mut self, agent: &AgentRecord) -> Result<(), StoreError> {
        self.request(|sql| {
            // Raised first: it locks the counter's row, so of two that are added at once the second sees the first.
            sql.settings_changed()?;
            if sql.exists("SELECT id FROM agent LIMIT 1", &[])? {
                return Err(Failure::Refused(StoreError::Conflict));
            }
            put(sql, agent)
        })
    }

    fn remove_agent(&mut self, agent: AgentId) -> Result<(), StoreError> {
        self.request(|sql| {
            sql.settings_changed()?;
            let agents = all(sql)?;
            let before = agents.iter().find(|before| before.id == agent);
            let before = before.ok_or(Failure::Refused(StoreError::Missing))?;
            check(sql, &agents, (Some(before), None))?;
            sql.execute("DELETE FROM agent WHERE id = $1", &[agent.0.into()])?;
            Ok(())
        })
    }

    fn set_password(&mut self, agent: AgentId, password_hash: &str) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE agent SET password_hash = $1 WHERE id = $2";
        self.request(|sql| {
            let rows = sql.execute(SQL, &[password_hash.into(), agent.0.into()])?;
            if rows == 1 { Ok(()) } else { Err(Failure::Refused(StoreError::Missing)) }
        })
    }

    fn add_device(&mut self, device: &DeviceRecord, before: Option<&TokenHash>) -> Result<(), StoreError> {
        const BEFORE: &str = "DELETE FROM agent_device WHERE token = $1 AND agent = $2";
        const SQL: &str = "INSERT INTO agent_device (token, agent, used_at_ms) VALUES ($1, $2, $3)";
        const OLDEST: &str = "DELETE FROM agent_device WHERE agent = $1 AND token NOT IN \
            (SELECT token FROM agent_device WHERE agent = $1 ORDER BY used_at_ms DESC, token DESC LIMIT $2)";
        self.request(|sql| {
            let agent = device.agent.0;
            if let Some(before) = before {
                sql.execute(BEFORE, &[(&before.0).into(), agent.into()])?;
            }
            let values = [(&device.token.0).into(), agent.into(), device.used_at_ms.into()];
            sql.execute(SQL, &values).map_err(refuse(StoreError::Missing))?;
            sql.execute(OLDEST, &[agent.into(), count(DEVICES_PER_AGENT_MAX)])?;
            Ok(())
        })
    }

    fn remove_devices_of(&mut self, agent: AgentId) -> Result<(), StoreError> {
        self.request(|sql| {
            sql.execute("DELETE FROM agent_device WHERE agent = $1", &[agent.0.into()])?;
            Ok(())
        })
    }
}

impl<R: SqlReader> AgentReader for R {
    fn agents(&mut self) -> Result<Vec<AgentRecord>, StoreError> {
        self.look_up(all)
    }

    fn agent_by_email(&mut self, email: &str) -> Result<AgentRecord, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM agent WHERE lower(email) = $1");
        self.find(|sql| sql.one(SQL, &[email.to_ascii_lowercase().as_str().into()], read))
    }

    fn agent(&mut self, id: AgentId) -> Result<AgentRecord, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM agent WHERE id = $1");
        self.find(|sql| sql.one(SQL, &[id.0.into()], read))
    }

    fn device(&mut self, token: &TokenHash) -> Result<DeviceRecord, StoreError> {
        const SQL: &str = "SELECT token, agent, used_at_ms FROM agent_device WHERE token = $1";
        self.find(|sql| {
            sql.one(SQL, &[(&token.0).into()], |row| {
                Ok(DeviceRecord { token: row.token(0)?, agent: AgentId(row.id(1)?), used_at_ms: row.number(2)? })
            })
        })
    }
}

/// Replaces an agent when it still is what it was.
pub(super) fn replace(sql: &mut dyn Sql, before: &AgentRecord, after: &AgentRecord) -> Changed<()> {
    // Raised first: of two changes at once the second sees the first.
    sql.settings_changed()?;
    if !all(sql)?.contains(before) {
        return Err(Failure::Refused(StoreError::Conflict));
    }
    put(sql, after)
}

/// Adds an agent or replaces the one with this id. The version is raised first: in PostgreSQL this makes changes of agents and documents wait for
/// each other.
pub(super) fn put(sql: &mut dyn Sql, agent: &AgentRecord) -> Changed<()> {
    // The column `role` is what `roles` has replaced; it is written as 0.
    const SQL: &str = concat!(
        "INSERT INTO agent (",
        columns!(),
        ", role) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0) ON CONFLICT (id) DO UPDATE SET email = excluded.email, \
         name = excluded.name, roles = excluded.roles, capacity = excluded.capacity, \
         password_hash = excluded.password_hash, disabled = excluded.disabled, scope = excluded.scope, hours = excluded.hours"
    );
    sql.settings_changed()?;
    let agents = all(sql)?;
    let before = agents.iter().find(|before| before.id == agent.id);
    check(sql, &agents, (before, Some(agent)))?;
    let (roles, scope) = (json(&agent.roles)?, json(&agent.scope)?);
    let values = [
        agent.id.0.into(),
        (&agent.email).into(),
        (&agent.name).into(),
        (&roles).into(),
        agent.capacity.into(),
        (&agent.password_hash).into(),
        agent.disabled.into(),
        (&scope).into(),
        agent.hours.as_ref().map(DocumentId::as_str).into(),
    ];
    sql.execute(SQL, &values).map_err(refuse(StoreError::Conflict))?;
    second_factor::note_roles(sql, agent)
}

/// All agents, by id.
pub(super) fn all(sql: &mut dyn Sql) -> Result<Vec<AgentRecord>, SqlError> {
    sql.all(concat!("SELECT ", columns!(), " FROM agent ORDER BY id"), &[], read)
}

/// Refuses a change of an agent that must not be.
fn check(
    sql: &mut dyn Sql,
    agents: &[AgentRecord],
    change: (Option<&AgentRecord>, Option<&AgentRecord>),
) -> Changed<()> {
    let roles = documents::of_kind(sql, Kind::Role)?;
    staff::check_agent(agents, roles, change, |key| Ok(documents::find(sql, key)?.is_some()))
}

fn json(value: &impl Serialize) -> Result<String, SqlError> {
    serde_json::to_string(value).map_err(|error| row::broken(&error.to_string()))
}

/// An agent with its credentials.
fn read(row: &dyn Row) -> Result<AgentRecord, SqlError> {
    let hours = row.optional_text(8)?.map(|id| id.parse().map_err(|_| row::wrong(8)));
    Ok(AgentRecord {
        id: AgentId(row.id(0)?),
        email: row.text(1)?,
        name: row.text(2)?,
        roles: serde_json::from_str(&row.text(3)?).map_err(|_| row::wrong(3))?,
        scope: serde_json::from_str(&row.text(7)?).map_err(|_| row::wrong(7))?,
        hours: hours.transpose()?,
        capacity: row.number(4)?,
        password_hash: row.text(5)?,
        disabled: row.flag(6)?,
    })
}

//! Second factors by code, recovery codes, and since when agents have their roles.

use std::collections::{BTreeMap, BTreeSet};

use relay_settings::DocumentId;
use wire::AgentId;

use super::{Changed, Failure, Sql, SqlReader, SqlWriter, refuse, row};
use crate::clock::now_ms;
use crate::store::{AgentRecord, SecondFactorReader, SecondFactorRecord, SecondFactorWriter, StoreError, TokenHash};

impl<W: SqlWriter> SecondFactorWriter for W {
    fn put_second_factor(&mut self, factor: &SecondFactorRecord) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO second_factor (agent, made_at_ms, used_step) VALUES ($1, $2, $3) \
            ON CONFLICT (agent) DO UPDATE SET made_at_ms = excluded.made_at_ms, used_step = excluded.used_step";
        self.request(|sql| {
            let values = [factor.agent.0.into(), factor.made_at_ms.into(), factor.used_step.into()];
            sql.execute(SQL, &values).map_err(refuse(StoreError::Missing))?;
            Ok(())
        })
    }

    fn use_step(&mut self, agent: AgentId, step: u64) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE second_factor SET used_step = $1 WHERE agent = $2 AND used_step < $1";
        self.request(|sql| changed_one(sql.execute(SQL, &[step.into(), agent.0.into()])?))
    }

    fn remove_second_factor(&mut self, agent: AgentId) -> Result<(), StoreError> {
        self.request(|sql| {
            sql.execute("DELETE FROM second_factor WHERE agent = $1", &[agent.0.into()])?;
            forget_recovery_codes(sql, agent)
        })
    }

    fn put_recovery_codes(&mut self, agent: AgentId, codes: &[TokenHash]) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO recovery_code (agent, code) VALUES ($1, $2)";
        self.request(|sql| {
            sql.execute("DELETE FROM recovery_code WHERE agent = $1", &[agent.0.into()])?;
            for code in codes {
                sql.execute(SQL, &[agent.0.into(), (&code.0).into()]).map_err(refuse(StoreError::Missing))?;
            }
            Ok(())
        })
    }

    fn spend_recovery_code(&mut self, agent: AgentId, code: &TokenHash) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM recovery_code WHERE agent = $1 AND code = $2";
        self.request(|sql| changed_one(sql.execute(SQL, &[agent.0.into(), (&code.0).into()])?))
    }
}

impl<R: SqlReader> SecondFactorReader for R {
    fn second_factor(&mut self, agent: AgentId) -> Result<SecondFactorRecord, StoreError> {
        const SQL: &str = "SELECT made_at_ms, used_step FROM second_factor WHERE agent = $1";
        self.find(|sql| {
            sql.one(SQL, &[agent.0.into()], |row| {
                Ok(SecondFactorRecord { agent, made_at_ms: row.number(0)?, used_step: row.number(1)? })
            })
        })
    }

    fn agents_with_second_factor(&mut self) -> Result<BTreeSet<AgentId>, StoreError> {
        const SQL: &str = "SELECT agent FROM second_factor UNION SELECT agent FROM passkey";
        self.look_up(|sql| Ok(sql.all(SQL, &[], |row| Ok(AgentId(row.id(0)?)))?.into_iter().collect()))
    }

    fn recovery_codes(&mut self, agent: AgentId) -> Result<Vec<TokenHash>, StoreError> {
        const SQL: &str = "SELECT code FROM recovery_code WHERE agent = $1 ORDER BY code";
        self.look_up(|sql| sql.all(SQL, &[agent.0.into()], |row| row.token(0)))
    }

    fn roles_given(&mut self, agent: AgentId) -> Result<BTreeMap<DocumentId, u64>, StoreError> {
        const SQL: &str = "SELECT role, given_at_ms FROM agent_role WHERE agent = $1";
        self.look_up(|sql| {
            let rows = sql.all(SQL, &[agent.0.into()], |row| {
                Ok((row.text(0)?.parse().map_err(|_| row::wrong(0))?, row.number(1)?))
            })?;
            Ok(rows.into_iter().collect())
        })
    }
}

/// Removes an agent's recovery codes when no second factor is left.
pub(super) fn forget_recovery_codes(sql: &mut dyn Sql, agent: AgentId) -> Changed<()> {
    const SQL: &str = "DELETE FROM recovery_code WHERE agent = $1 \
        AND NOT EXISTS (SELECT 1 FROM second_factor WHERE agent = $1) AND NOT EXISTS (SELECT 1 FROM passkey WHERE agent = $1)";
    sql.execute(SQL, &[agent.0.into()])?;
    Ok(())
}

/// Notes since when an agent that was written has each of its roles.
pub(super) fn note_roles(sql: &mut dyn Sql, agent: &AgentRecord) -> Changed<()> {
    const SQL: &str = "INSERT INTO agent_role (agent, role, given_at_ms) VALUES ($1, $2, $3) \
        ON CONFLICT (agent, role) DO NOTHING";
    let now_ms = now_ms();
    let id = agent.id.0;
    for role in sql.all("SELECT role FROM agent_role WHERE agent = $1", &[id.into()], |row| row.text(0))? {
        if agent.roles.iter().all(|has| has.as_str() != role) {
            sql.execute("DELETE FROM agent_role WHERE agent = $1 AND role = $2", &[id.into(), (&role).into()])?;
        }
    }
    for role in &agent.roles {
        sql.execute(SQL, &[id.into(), role.as_str().into(), now_ms.into()])?;
    }
    Ok(())
}

fn changed_one(rows: u64) -> Changed<()> {
    if rows == 1 { Ok(()) } else { Err(Failure::Refused(StoreError::Conflict)) }
}

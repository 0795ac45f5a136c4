//! Agents' sign-ins in memory.

use std::collections::BTreeMap;

use wire::AgentId;

use super::{MemoryReader, MemoryWriter, Tables};
use crate::store::{SESSIONS_PER_AGENT_MAX, SessionReader, SessionRecord, SessionWriter, StoreError, TokenHash};

impl SessionWriter for MemoryWriter {
    fn add_session(&mut self, session: &SessionRecord) -> Result<(), StoreError> {
        let tables = self.tables()?;
        if !tables.agents.contains_key(&session.agent) {
            return Err(StoreError::Missing);
        }
        tables.sessions.insert(session.token, session.clone());
        let of_agent = tables.sessions.values().filter(|known| known.agent == session.agent);
        let mut unused: Vec<_> = of_agent.map(|known| (known.used_at_ms, known.token)).collect();
        unused.sort_unstable();
        let beyond = unused.len().saturating_sub(SESSIONS_PER_AGENT_MAX);
        unused.truncate(beyond);
        tables.retain_sessions(|known| unused.iter().all(|(_, token)| *token != known.token));
        Ok(())
    }

    fn touch_session(&mut self, token: &TokenHash, used_at_ms: u64) -> Result<(), StoreError> {
        if let Some(session) = self.tables()?.sessions.get_mut(token) {
            session.used_at_ms = used_at_ms;
        }
        Ok(())
    }

    fn confirm_session(&mut self, token: &TokenHash, at_ms: u64) -> Result<(), StoreError> {
        if let Some(session) = self.tables()?.sessions.get_mut(token) {
            session.confirmed_at_ms = at_ms;
        }
        Ok(())
    }

    fn remove_session(&mut self, token: &TokenHash) -> Result<(), StoreError> {
        self.tables()?.retain_sessions(|session| session.token != *token);
        Ok(())
    }

    fn remove_sessions_of(&mut self, agent: AgentId, but: Option<&TokenHash>) -> Result<(), StoreError> {
        self.tables()?.retain_sessions(|session| session.agent != agent || but == Some(&session.token));
        Ok(())
    }

    fn remove_sessions_before(&mut self, used_at_ms: u64, created_at_ms: u64) -> Result<(), StoreError> {
        let kept = |session: &SessionRecord| session.used_at_ms >= used_at_ms && session.created_at_ms >= created_at_ms;
        self.tables()?.retain_sessions(kept);
        Ok(())
    }
}

impl SessionReader for MemoryReader {
    fn session(&mut self, token: &TokenHash) -> Result<SessionRecord, StoreError> {
        self.tables().sessions.get(token).cloned().ok_or(StoreError::Missing)
    }

    fn session_by_id(&mut self, id: u128) -> Result<SessionRecord, StoreError> {
        self.tables().sessions.values().find(|session| session.id == id).cloned().ok_or(StoreError::Missing)
    }

    fn sessions_of(&mut self, agent: AgentId) -> Result<Vec<SessionRecord>, StoreError> {
        let tables = self.tables();
        let mut found: Vec<_> = tables.sessions.values().filter(|session| session.agent == agent).cloned().collect();
        found.sort_by_key(|session| std::cmp::Reverse((session.created_at_ms, session.token)));
        Ok(found)
    }

    fn sessions_used(&mut self, used_at_ms: u64, created_at_ms: u64) -> Result<BTreeMap<AgentId, u64>, StoreError> {
        let tables = self.tables();
        let all = tables.sessions.values();
        let mut used = BTreeMap::new();
        for session in all.filter(|one| one.used_at_ms >= used_at_ms && one.created_at_ms >= created_at_ms) {
            let latest = used.entry(session.agent).or_insert(session.used_at_ms);
            *latest = session.used_at_ms.max(*latest);
        }
        Ok(used)
    }
}

impl Tables {
    fn retain_sessions(&mut self, kept: impl Fn(&SessionRecord) -> bool) {
        let before = self.sessions.len();
        self.sessions.retain(|_, session| kept(session));
        if self.sessions.len() < before {
            self.settings += 1;
        }
    }
}

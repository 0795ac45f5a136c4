//! Watches sites, agents and sign-ins, which other processes may change, too. When a sign-in has ended, its connections are closed at once.

use std::time::Duration;

use relay_settings::Snapshot;
use tokio::sync::oneshot;
use wire::AgentId;
use wire::limit::{REVOCATION_EVERY_MS, SESSION_USE_EVERY_MS};

use crate::app::App;
use crate::clock::now_ms;
use crate::core_task::Arrival;
use crate::identity::{FactorState, has_ended};
use crate::store::{Reader, StoreError, TokenHash};

/// Runs until the relay stops.
pub async fn run(app: App) {
    let mut announced = None;
    let mut looked_at_ms = now_ms();
    let mut looks_until_ms = None;
    loop {
        let again = tokio::select! {
            () = app.stopping.cancelled() => return,
            () = app.sign_ins.entered_late() => true,
            () = tokio::time::sleep(Duration::from_millis(REVOCATION_EVERY_MS)) => false,
        };
        // A store that fails logs that itself; it is asked again.
        let Ok(version) = app.store.read(|reader| reader.settings_version()).await else { continue };
        let changed = announced != Some(version);
        // An open connection counts as use; a sign-in that is too old ends.
        let due = now_ms().saturating_sub(looked_at_ms) >= SESSION_USE_EVERY_MS;
        if looks_until_ms.is_some_and(|until_ms| until_ms <= now_ms()) {
            looks_until_ms = app.announce_looks().await;
        }
        if !(changed || again || due) {
            continue;
        }
        app.sign_ins.looking(version);
        if changed && (app.settings.refresh().await.is_err() || app.announce_settings().await.is_err()) {
            continue;
        }
        if changed {
            looks_until_ms = app.announce_looks().await;
        }
        if look(&app).await.is_ok() {
            announced = Some(version);
            looked_at_ms = now_ms();
        }
    }
}

/// Ends the connections of every sign-in that is no longer valid.
async fn look(app: &App) -> Result<(), StoreError> {
    let (reply, open) = oneshot::channel();
    // Fails only when the core has ended.
    let _ = app.core.send(Arrival::Sessions(reply)).await;
    let open = open.await.map_err(|_| StoreError::Down)?;
    if open.is_empty() {
        return Ok(());
    }
    let now_ms = now_ms();
    let snapshot = app.settings.snapshot();
    let (ended, used) = app.store.read(move |reader| sort(reader, &open, &snapshot, now_ms)).await?;
    for (session, agent) in ended {
        tracing::info!(agent.id = %agent, "a sign-in has ended: its connections are closed");
        let _ = app.core.send(Arrival::SignedOut { session, agent }).await;
    }
    if !used.is_empty() {
        // A full disk signs nobody out: noting the use may fail.
        let touch =
            app.store.write(move |writer| used.iter().try_for_each(|session| writer.touch_session(session, now_ms)));
        let _ = touch.await;
    }
    Ok(())
}

/// Those that have ended, and those whose use is to be noted.
type Sorted = (Vec<(TokenHash, AgentId)>, Vec<TokenHash>);

fn sort(
    reader: &mut dyn Reader,
    open: &[(TokenHash, AgentId)],
    snapshot: &Snapshot,
    now_ms: u64,
) -> Result<Sorted, StoreError> {
    let (mut ended, mut used) = (Vec::new(), Vec::new());
    for (session, agent) in open {
        let record = match reader.session(session) {
            Ok(record) => record,
            Err(StoreError::Missing) => {
                ended.push((*session, *agent));
                continue;
            }
            Err(error) => return Err(error),
        };
        let gone = match reader.agent(record.agent) {
            Ok(agent) => agent.disabled || FactorState::read(reader, agent.id)?.is_missing(&agent, snapshot, now_ms),
            Err(StoreError::Missing) => true,
            Err(error) => return Err(error),
        };
        if gone || has_ended(&record, now_ms) {
            ended.push((*session, *agent));
        } else if now_ms.saturating_sub(record.used_at_ms) >= SESSION_USE_EVERY_MS {
            used.push(*session);
        }
    }
    Ok((ended, used))
}

#[cfg(test)]
mod tests {
    use relay_settings::{BuiltInRole, Scope};
    use wire::limit::{AGENT_SESSION_MS, AGENT_SESSION_WHOLE_MS};

    use super::*;
    use crate::store::memory::MemoryStore;
    use crate::store::{AgentRecord, SessionRecord, Store, write_once};

    #[test]
    fn what_has_ended_is_distinguished_from_what_is_used() {
        const NOW: u64 = AGENT_SESSION_WHOLE_MS * 2;
        let store = MemoryStore::new();
        let mut writer = store.writer().expect("a writer");
        for (id, disabled) in [(1, false), (2, true)] {
            let agent = AgentRecord {
                id: AgentId(id),
                email: format!("{id}@example.com"),
                name: "a".to_owned(),
                roles: [BuiltInRole::Agent.document_id()].into(),
                scope: Scope::EVERYWHERE,
                hours: None,
                capacity: 1,
                password_hash: String::new(),
                disabled,
            };
            write_once(&mut *writer, |writer| writer.put_agent(&agent)).expect("added");
        }
        let mut open = Vec::new();
        // Fresh, used a minute ago, too long unused, of somebody switched off, unknown, too old.
        for (token, agent, used_ms, made_ms) in [
            (1, 1, 0, 0),
            (2, 1, SESSION_USE_EVERY_MS, SESSION_USE_EVERY_MS),
            (3, 1, AGENT_SESSION_MS + 1, AGENT_SESSION_MS + 1),
            (4, 2, 0, 0),
            (5, 1, 0, 0),
            (6, 1, 0, AGENT_SESSION_WHOLE_MS + 1),
        ] {
            let (hash, agent) = (TokenHash([token; 32]), AgentId(agent));
            open.push((hash, agent));
            let record = SessionRecord {
                token: hash,
                id: token.into(),
                agent,
                created_at_ms: NOW - made_ms,
                used_at_ms: NOW - used_ms,
                confirmed_at_ms: NOW,
                browser: String::new(),
                from: None,
            };
            if token != 5 {
                write_once(&mut *writer, |writer| writer.add_session(&record)).expect("added");
            }
        }
        let mut reader = store.reader().expect("a reader");
        let (ended, used) = sort(&mut *reader, &open, &Snapshot::default(), NOW).expect("sorted");
        assert_eq!(ended, [open[2], open[3], open[4], open[5]]);
        assert_eq!(used, [open[1].0]);
    }
}

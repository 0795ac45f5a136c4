//! Requests about sites, agents, visitors, their tokens, and uploaded files.

use rusqlite::{Connection, OptionalExtension, params};
use wire::{AgentId, AttachmentId, Media, Role, SiteId, VisitorId};

use super::append::attachment;
use super::row::{self, agent_columns, attachment_columns};
use super::writer::{Failure, refuse};
use crate::store::{
    AgentRecord, AttachmentRecord, DEVICES_PER_AGENT_MAX, DeviceRecord, SessionRecord, Site, StoreError, TokenHash,
    Uploader, VisitorRecord,
};

pub(super) type Changed<T> = Result<T, Failure<StoreError>>;

pub(super) fn settings_changed(connection: &Connection) -> Changed<()> {
    connection.prepare_cached("UPDATE counter SET value = value + 1 WHERE name = 'settings'")?.execute([])?;
    Ok(())
}

pub(super) fn put_site(connection: &Connection, site: &Site) -> Changed<()> {
    const SITE: &str =
        "INSERT INTO site (id, name) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET name = excluded.name, removed = 0";
    const ORIGIN: &str = "INSERT INTO site_origin (site, place, origin) VALUES (?1, ?2, ?3)";
    let id = site.id.as_str();
    connection.prepare_cached(SITE)?.execute([id, &site.name])?;
    connection.prepare_cached("DELETE FROM site_origin WHERE site = ?1")?.execute([id])?;
    for (place, origin) in (0_i64..).zip(&site.origins) {
        connection.prepare_cached(ORIGIN)?.execute(params![id, place, origin])?;
    }
    settings_changed(connection)
}

pub(super) fn remove_site(connection: &Connection, site: &SiteId, keep: bool) -> Changed<()> {
    let site = site.as_str();
    if !connection.prepare_cached("SELECT 1 FROM site WHERE id = ?1 AND removed = 0")?.exists([site])? {
        return Err(Failure::Refused(StoreError::Missing));
    }
    if connection.prepare_cached("SELECT 1 FROM conversation WHERE site = ?1")?.exists([site])? {
        if !keep {
            return Err(Failure::Refused(StoreError::Conflict));
        }
        connection.prepare_cached("UPDATE site SET removed = 1 WHERE id = ?1")?.execute([site])?;
    } else {
        connection.prepare_cached("DELETE FROM visitor WHERE site = ?1")?.execute([site])?;
        connection.prepare_cached("DELETE FROM site WHERE id = ?1")?.execute([site])?;
    }
    settings_changed(connection)
}

pub(super) fn put_agent(connection: &Connection, agent: &AgentRecord) -> Changed<()> {
    const SQL: &str = concat!(
        "INSERT INTO agent (",
        agent_columns!(),
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, \
         role = excluded.role, capacity = excluded.capacity, password_hash = excluded.password_hash, \
         disabled = excluded.disabled"
    );
    let role = match agent.role {
        Role::Agent => 0,
        Role::Supervisor => 1,
        Role::Administrator => 2,
    };
    let id = agent.id.0.to_be_bytes();
    connection
        .prepare_cached(SQL)?
        .execute(params![id, agent.email, agent.name, role, agent.capacity, agent.password_hash, agent.disabled])
        .map_err(refuse(StoreError::Conflict))?;
    settings_changed(connection)
}

pub(super) fn add_session(connection: &Connection, session: &SessionRecord) -> Changed<()> {
    const SQL: &str = "INSERT INTO agent_session (token, agent, created_at_ms, used_at_ms) VALUES (?1, ?2, ?3, ?4)";
    let (created, used) = (row::column(session.created_at_ms), row::column(session.used_at_ms));
    connection
        .prepare_cached(SQL)?
        .execute(params![session.token.0, session.agent.0.to_be_bytes(), created, used])
        .map_err(refuse(StoreError::Missing))?;
    Ok(())
}

pub(super) fn touch_session(connection: &Connection, token: &TokenHash, used_at_ms: u64) -> Changed<()> {
    const SQL: &str = "UPDATE agent_session SET used_at_ms = ?2 WHERE token = ?1";
    connection.prepare_cached(SQL)?.execute(params![token.0, row::column(used_at_ms)])?;
    Ok(())
}

pub(super) fn remove_session(connection: &Connection, token: &TokenHash) -> Changed<()> {
    let removed = connection.prepare_cached("DELETE FROM agent_session WHERE token = ?1")?.execute([token.0])?;
    sessions_removed(connection, removed)
}

pub(super) fn remove_sessions_of(connection: &Connection, agent: AgentId) -> Changed<()> {
    const SQL: &str = "DELETE FROM agent_session WHERE agent = ?1";
    let removed = connection.prepare_cached(SQL)?.execute([agent.0.to_be_bytes()])?;
    sessions_removed(connection, removed)
}

pub(super) fn remove_sessions_before(connection: &Connection, used_at_ms: u64) -> Changed<()> {
    const SQL: &str = "DELETE FROM agent_session WHERE used_at_ms < ?1";
    let removed = connection.prepare_cached(SQL)?.execute([row::column(used_at_ms)])?;
    sessions_removed(connection, removed)
}

/// Whoever watches the settings looks at every open sign-in again.
fn sessions_removed(connection: &Connection, removed: usize) -> Changed<()> {
    if removed == 0 { Ok(()) } else { settings_changed(connection) }
}

pub(super) fn add_device(connection: &Connection, device: &DeviceRecord, before: Option<&TokenHash>) -> Changed<()> {
    const SQL: &str = "INSERT INTO agent_device (token, agent, used_at_ms) VALUES (?1, ?2, ?3)";
    const OLDEST: &str = "DELETE FROM agent_device WHERE agent = ?1 AND token NOT IN \
        (SELECT token FROM agent_device WHERE agent = ?1 ORDER BY used_at_ms DESC, token DESC LIMIT ?2)";
    let agent = device.agent.0.to_be_bytes();
    if let Some(before) = before {
        const BEFORE: &str = "DELETE FROM agent_device WHERE token = ?1 AND agent = ?2";
        connection.prepare_cached(BEFORE)?.execute(params![before.0, agent])?;
    }
    connection
        .prepare_cached(SQL)?
        .execute(params![device.token.0, agent, row::column(device.used_at_ms)])
        .map_err(refuse(StoreError::Missing))?;
    connection.prepare_cached(OLDEST)?.execute(params![agent, DEVICES_PER_AGENT_MAX as i64])?;
    Ok(())
}

pub(super) fn remove_devices_of(connection: &Connection, agent: AgentId) -> Changed<()> {
    connection.prepare_cached("DELETE FROM agent_device WHERE agent = ?1")?.execute([agent.0.to_be_bytes()])?;
    Ok(())
}

pub(super) fn add_visitor(connection: &Connection, visitor: &VisitorRecord) -> Changed<()> {
    const SITE: &str = "SELECT 1 FROM site WHERE id = ?1 AND removed = 0";
    const SQL: &str = "INSERT INTO visitor (id, site, token, created_at_ms, used_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)";
    let site = visitor.site.as_str();
    if !connection.prepare_cached(SITE)?.exists([site])? {
        return Err(Failure::Refused(StoreError::Missing));
    }
    let (created, used) = (row::column(visitor.created_at_ms), row::column(visitor.used_at_ms));
    connection
        .prepare_cached(SQL)?
        .execute(params![visitor.id.0.to_be_bytes(), site, visitor.token.0, created, used])
        .map_err(refuse(StoreError::Conflict))?;
    Ok(())
}

pub(super) fn touch_visitor(connection: &Connection, visitor: VisitorId, used_at_ms: u64) -> Changed<()> {
    const SQL: &str = "UPDATE visitor SET used_at_ms = ?2 WHERE id = ?1";
    connection.prepare_cached(SQL)?.execute(params![visitor.0.to_be_bytes(), row::column(used_at_ms)])?;
    Ok(())
}

pub(super) fn add_attachment(connection: &Connection, record: &AttachmentRecord) -> Changed<AttachmentRecord> {
    const SQL: &str = concat!(
        "INSERT INTO attachment (",
        attachment_columns!(),
        ", site) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, coalesce((SELECT site FROM visitor WHERE id = ?3), \
         (SELECT site FROM conversation WHERE id = ?2))) RETURNING site"
    );
    let file = &record.attachment;
    if let Some(first) = attachment(connection, file.id)? {
        let same = first.conversation == record.conversation && first.uploader == record.uploader;
        return if same { Ok(first) } else { Err(Failure::Refused(StoreError::Conflict)) };
    }
    let (visitor, agent) = match record.uploader {
        Uploader::Visitor(visitor) => (Some(visitor.0.to_be_bytes()), None),
        Uploader::Agent(agent) => (None, Some(agent.0.to_be_bytes())),
    };
    let media = match file.media {
        Media::Image => 0,
        Media::Video => 1,
        Media::Document => 2,
    };
    let site: Option<String> = connection
        .prepare_cached(SQL)?
        .query_row(
            params![
                file.id.0.to_be_bytes(),
                record.conversation.0.to_be_bytes(),
                visitor,
                agent,
                record.key,
                file.name,
                file.media_type,
                media,
                row::column(file.bytes),
                file.width,
                file.height,
                row::column(record.uploaded_at_ms),
            ],
            |found| found.get(0),
        )
        .map_err(refuse(StoreError::Conflict))?;
    count_kept(connection, site, 1, row::column(file.bytes))?;
    Ok(record.clone())
}

/// One file of a site more or less.
fn count_kept(connection: &Connection, site: Option<String>, files: i64, bytes: i64) -> Changed<()> {
    const SQL: &str = "INSERT INTO kept (site, files, bytes) VALUES (?1, ?2, ?3) ON CONFLICT (site) DO UPDATE SET \
                       files = files + excluded.files, bytes = bytes + excluded.bytes";
    if let Some(site) = site {
        connection.prepare_cached(SQL)?.execute(params![site, files, bytes])?;
    }
    Ok(())
}

pub(super) fn remove_orphan(connection: &Connection, id: AttachmentId) -> Changed<AttachmentRecord> {
    const SQL: &str =
        concat!("DELETE FROM attachment WHERE id = ?1 AND named = 0 RETURNING ", attachment_columns!(), ", site");
    let both = |found: &rusqlite::Row<'_>| Ok((row::attachment(found)?, found.get("site")?));
    let removed = connection.prepare_cached(SQL)?.query_row([id.0.to_be_bytes()], both).optional()?;
    let (removed, site) = removed.ok_or(Failure::Refused(StoreError::Missing))?;
    count_kept(connection, site, -1, -row::column(removed.attachment.bytes))?;
    Ok(removed)
}

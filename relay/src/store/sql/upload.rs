//! Uploaded files.

use relay_core::append::Uploader;
use wire::{AgentId, Attachment, AttachmentId, ConversationId, Media, SiteId, VisitorId};

use super::{Changed, Failure, Row, Sql, SqlError, SqlReader, SqlWriter, Value, count, refuse, row};
use crate::blob::StoredFile;
use crate::store::{AttachmentRecord, Kept, StoreError, UploadReader, UploadWriter};

/// The columns of [`read`], in its order.
macro_rules! columns {
    () => {
        "id, conversation, visitor, agent, key, name, media_type, media, bytes, width, height, uploaded_at_ms"
    };
}

impl<W: SqlWriter> UploadWriter for W {
    fn add_attachment(&mut self, record: &AttachmentRecord) -> Result<AttachmentRecord, StoreError> {
        self.request(|sql| match attachment(sql, record.attachment.id)? {
            Some(first) if first.conversation == record.conversation && first.uploader == record.uploader => Ok(first),
            Some(_) => Err(Failure::Refused(StoreError::Conflict)),
            None => {
                if let Uploader::Visitor(visitor) = record.uploader
                    && sql.exists("SELECT visitor FROM erasure WHERE visitor = $1", &[visitor.0.into()])?
                {
                    return Err(Failure::Refused(StoreError::Missing));
                }
                add(sql, record)
            }
        })
    }

    fn remove_orphan(&mut self, attachment: AttachmentId) -> Result<AttachmentRecord, StoreError> {
        const SQL: &str =
            concat!("DELETE FROM attachment WHERE id = $1 AND named = 0 RETURNING ", columns!(), ", site");
        self.request(|sql| {
            let id: [Value<'_>; 1] = [attachment.0.into()];
            let removed = sql.one(SQL, &id, |row| Ok((read(row)?, row.optional_text(12)?)))?;
            let (removed, site) = removed.ok_or(Failure::Refused(StoreError::Missing))?;
            count_kept(sql, site, -1, -size(&removed))?;
            Ok(removed)
        })
    }

    fn erase_attachment(&mut self, attachment: AttachmentId) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM attachment WHERE id = $1 RETURNING bytes, site";
        self.request(|sql| {
            let removed = sql.one(SQL, &[attachment.0.into()], |row| Ok((row.signed(0)?, row.optional_text(1)?)))?;
            match removed {
                Some((bytes, site)) => count_kept(sql, site, -1, -bytes),
                None => Ok(()),
            }
        })
    }
}

impl<R: SqlReader> UploadReader for R {
    fn attachment(&mut self, id: AttachmentId) -> Result<AttachmentRecord, StoreError> {
        self.find(|sql| attachment(sql, id))
    }

    fn attachments(&mut self, after: AttachmentId, count_max: usize) -> Result<Vec<AttachmentRecord>, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM attachment WHERE id > $1 ORDER BY id LIMIT $2");
        self.look_up(|sql| sql.all(SQL, &[after.0.into(), count(count_max)], read))
    }

    fn unrecorded(&mut self, files: &[StoredFile]) -> Result<Vec<String>, StoreError> {
        self.look_up(|sql| {
            let mut lost = Vec::new();
            for file in files {
                if !sql.exists("SELECT id FROM attachment WHERE key = $1", &[(&file.key).into()])? {
                    lost.push(file);
                }
            }
            if !lost.is_empty() {
                // Reads the whole table, but only when a file may have to be removed.
                const OLDEST: &str = "SELECT uploaded_at_ms FROM attachment ORDER BY uploaded_at_ms LIMIT 1";
                let oldest_ms: u64 = sql.one(OLDEST, &[], |row| row.number(0))?.unwrap_or(u64::MAX);
                lost.retain(|file| file.modified_at_ms >= oldest_ms);
            }
            Ok(lost.into_iter().map(|file| file.key.clone()).collect())
        })
    }

    fn orphans(&mut self, before_ms: u64, count_max: usize) -> Result<Vec<AttachmentRecord>, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM attachment WHERE named = 0 AND uploaded_at_ms < $1 ORDER BY uploaded_at_ms LIMIT $2"
        );
        self.look_up(|sql| sql.all(SQL, &[before_ms.into(), count(count_max)], read))
    }

    fn attachments_in(
        &mut self,
        conversation: ConversationId,
        count_max: usize,
    ) -> Result<Vec<AttachmentRecord>, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM attachment WHERE conversation = $1 LIMIT $2");
        self.look_up(|sql| sql.all(SQL, &[conversation.0.into(), count(count_max)], read))
    }

    fn attachments_by(&mut self, visitor: VisitorId, count_max: usize) -> Result<Vec<AttachmentRecord>, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM attachment WHERE visitor = $1 LIMIT $2");
        self.look_up(|sql| sql.all(SQL, &[visitor.0.into(), count(count_max)], read))
    }

    fn kept(&mut self, visitor: Option<VisitorId>, site: &SiteId) -> Result<Kept, StoreError> {
        const SQL: &str = "SELECT coalesce((SELECT files FROM kept WHERE site = $1), 0), \
                           coalesce((SELECT bytes FROM kept WHERE site = $1), 0), \
                           count(*), CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM attachment WHERE visitor = $2";
        let visitor = visitor.map(|visitor| visitor.0);
        self.find(|sql| {
            sql.one(SQL, &[site.as_str().into(), visitor.into()], |row| {
                let cost =
                    |first| -> Result<u64, SqlError> { Ok(Kept::cost(row.number(first)?, row.number(first + 1)?)) };
                Ok(Kept { site_bytes: cost(0)?, visitor_bytes: cost(2)? })
            })
        })
    }
}

/// An uploaded file's record.
pub(in crate::store) fn attachment(sql: &mut dyn Sql, id: AttachmentId) -> Result<Option<AttachmentRecord>, SqlError> {
    const SQL: &str = concat!("SELECT ", columns!(), " FROM attachment WHERE id = $1");
    sql.one(SQL, &[id.0.into()], read)
}

fn add(sql: &mut dyn Sql, record: &AttachmentRecord) -> Changed<AttachmentRecord> {
    const SQL: &str = concat!(
        "INSERT INTO attachment (",
        columns!(),
        ", site) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, coalesce((SELECT site FROM visitor WHERE id = $3), \
         (SELECT site FROM conversation WHERE id = $2))) RETURNING site"
    );
    let file = &record.attachment;
    let (visitor, agent) = match record.uploader {
        Uploader::Visitor(visitor) => (Some(visitor.0), None),
        Uploader::Agent(agent) => (None, Some(agent.0)),
    };
    let media: u32 = match file.media {
        Media::Image => 0,
        Media::Video => 1,
        Media::Document => 2,
    };
    let values = [
        file.id.0.into(),
        record.conversation.0.into(),
        visitor.into(),
        agent.into(),
        (&record.key).into(),
        (&file.name).into(),
        (&file.media_type).into(),
        media.into(),
        file.bytes.into(),
        file.width.into(),
        file.height.into(),
        record.uploaded_at_ms.into(),
    ];
    let site = sql.one(SQL, &values, |row| row.optional_text(0)).map_err(refuse(StoreError::Conflict))?;
    count_kept(sql, site.flatten(), 1, size(record))?;
    Ok(record.clone())
}

/// Adds to or subtracts from a site's files.
fn count_kept(sql: &mut dyn Sql, site: Option<String>, files: i64, bytes: i64) -> Changed<()> {
    const SQL: &str = "INSERT INTO kept (site, files, bytes) VALUES ($1, $2, $3) ON CONFLICT (site) DO UPDATE SET \
                       files = kept.files + excluded.files, bytes = kept.bytes + excluded.bytes";
    if let Some(site) = site {
        sql.execute(SQL, &[(&site).into(), Value::Number(files), Value::Number(bytes)])?;
    }
    Ok(())
}

fn size(record: &AttachmentRecord) -> i64 {
    i64::try_from(record.attachment.bytes).unwrap_or(i64::MAX)
}

fn read(row: &dyn Row) -> Result<AttachmentRecord, SqlError> {
    let uploader = match (row.optional_id(2)?, row.optional_id(3)?) {
        (Some(visitor), _) => Uploader::Visitor(VisitorId(visitor)),
        (None, Some(agent)) => Uploader::Agent(AgentId(agent)),
        (None, None) => return Err(row::wrong(2)),
    };
    let media = match row.signed(7)? {
        0 => Media::Image,
        1 => Media::Video,
        2 => Media::Document,
        _ => return Err(row::wrong(7)),
    };
    Ok(AttachmentRecord {
        attachment: Attachment {
            id: AttachmentId(row.id(0)?),
            name: row.text(5)?,
            media_type: row.text(6)?,
            media,
            bytes: row.number(8)?,
            width: row.number(9)?,
            height: row.number(10)?,
        },
        conversation: ConversationId(row.id(1)?),
        uploader,
        key: row.text(4)?,
        uploaded_at_ms: row.number(11)?,
    })
}

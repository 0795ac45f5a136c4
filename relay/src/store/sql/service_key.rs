//! Keys of the API.

use wire::ServiceKeyId;

use super::{Failure, Row, Sql, SqlError, SqlReader, SqlWriter, count, documents, refuse, row};
use crate::store::records::{SERVICE_KEYS_MAX, ServiceKeyReader, ServiceKeyRecord, ServiceKeyWriter};
use crate::store::{StoreError, TokenHash, staff};

/// The columns of [`read`], in its order.
macro_rules! columns {
    () => {
        "id, token, name, rights, scope, made_by, made_at_ms, until_ms, used_at_ms, revoked_at_ms"
    };
}

impl<W: SqlWriter> ServiceKeyWriter for W {
    fn add_service_key(&mut self, key: &ServiceKeyRecord) -> Result<(), StoreError> {
        const FULL: &str = "SELECT id FROM service_key ORDER BY id LIMIT 1 OFFSET $1";
        const ROOM: &str = "DELETE FROM service_key WHERE id = (SELECT id FROM service_key \
                            WHERE revoked_at_ms IS NOT NULL OR until_ms <= $1 \
                            ORDER BY coalesce(revoked_at_ms, until_ms), id LIMIT 1)";
        const SQL: &str =
            concat!("INSERT INTO service_key (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");
        let made_by = serde_json::to_string(&key.made_by).map_err(|_| StoreError::Down)?;
        self.request(|sql| {
            // Raised first: in PostgreSQL this makes changes of keys and documents wait for each other.
            sql.settings_changed()?;
            staff::check_named(key.documents(), |named| {
                Ok::<_, Failure<StoreError>>(documents::find(sql, named)?.is_some())
            })?;
            let full = sql.exists(FULL, &[count(SERVICE_KEYS_MAX - 1)])?;
            if full && sql.execute(ROOM, &[key.made_at_ms.into()])? == 0 {
                return Err(Failure::Refused(StoreError::Busy));
            }
            let values = [
                key.id.0.into(),
                (&key.token.0).into(),
                (&key.name).into(),
                (&key.rights).into(),
                (&key.scope).into(),
                (&made_by).into(),
                key.made_at_ms.into(),
                key.until_ms.into(),
                key.used_at_ms.into(),
                key.revoked_at_ms.into(),
            ];
            sql.execute(SQL, &values).map_err(refuse(StoreError::Conflict))?;
            Ok(())
        })
    }

    fn touch_service_key(&mut self, id: ServiceKeyId, used_at_ms: u64) -> Result<(), StoreError> {
        self.request(|sql| {
            sql.execute("UPDATE service_key SET used_at_ms = $1 WHERE id = $2", &[used_at_ms.into(), id.0.into()])?;
            Ok(())
        })
    }

    fn revoke_service_key(&mut self, id: ServiceKeyId, at_ms: u64) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE service_key SET revoked_at_ms = $1 WHERE id = $2 AND revoked_at_ms IS NULL";
        self.request(|sql| {
            if sql.execute(SQL, &[at_ms.into(), id.0.into()])? == 0 {
                return Err(Failure::Refused(StoreError::Missing));
            }
            sql.settings_changed()
        })
    }
}

impl<R: SqlReader> ServiceKeyReader for R {
    fn service_keys(&mut self) -> Result<Vec<ServiceKeyRecord>, StoreError> {
        self.look_up(all)
    }

    fn service_key(&mut self, token: &TokenHash) -> Result<ServiceKeyRecord, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM service_key WHERE token = $1");
        self.find(|sql| sql.one(SQL, &[(&token.0).into()], read))
    }
}

/// All keys, by id.
pub(super) fn all(sql: &mut dyn Sql) -> Result<Vec<ServiceKeyRecord>, SqlError> {
    sql.all(concat!("SELECT ", columns!(), " FROM service_key ORDER BY id"), &[], read)
}

fn read(row: &dyn Row) -> Result<ServiceKeyRecord, SqlError> {
    Ok(ServiceKeyRecord {
        id: ServiceKeyId(row.id(0)?),
        token: row.token(1)?,
        name: row.text(2)?,
        rights: row.text(3)?,
        scope: row.text(4)?,
        made_by: serde_json::from_str(&row.text(5)?).map_err(|_| row::wrong(5))?,
        made_at_ms: row.number(6)?,
        until_ms: row.optional_number(7)?,
        used_at_ms: row.optional_number(8)?,
        revoked_at_ms: row.optional_number(9)?,
    })
}

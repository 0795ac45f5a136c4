-- Keys of the API, by their SHA-256. Rights and scope are JSON.

CREATE TABLE service_key (
    id            BLOB PRIMARY KEY,
    token         BLOB NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    rights        TEXT NOT NULL,
    scope         TEXT NOT NULL,
    made_by       TEXT NOT NULL,                  -- JSON of audit::Who
    made_at_ms    INTEGER NOT NULL,
    until_ms      INTEGER,
    used_at_ms    INTEGER,
    revoked_at_ms INTEGER
) STRICT, WITHOUT ROWID;

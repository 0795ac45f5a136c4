-- Keys of the API, by their SHA-256. Rights and scope are JSON.

CREATE TABLE service_key (
    id            BYTEA PRIMARY KEY,
    token         BYTEA NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    rights        TEXT NOT NULL,
    scope         TEXT NOT NULL,
    made_by       TEXT NOT NULL,                  -- JSON of audit::Who
    made_at_ms    BIGINT NOT NULL,
    until_ms      BIGINT,
    used_at_ms    BIGINT,
    revoked_at_ms BIGINT
);

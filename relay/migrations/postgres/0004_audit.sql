-- The audit log: a chain of hashes. What stands in the other columns of an entry is only there to find it by.

CREATE TABLE audit_entry (
    number  BIGINT PRIMARY KEY,                   -- 1, 2, 3 … without gaps
    at_ms   BIGINT NOT NULL,
    who     TEXT COLLATE "C" NOT NULL,
    action  TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C",
    site    TEXT COLLATE "C",
    entry   TEXT NOT NULL,                        -- its exact JSON
    hash    BYTEA NOT NULL                        -- SHA-256 over the hash before and the JSON
);
CREATE INDEX audit_entry_who ON audit_entry (who, number);
CREATE INDEX audit_entry_action ON audit_entry (action, number);
CREATE INDEX audit_entry_subject ON audit_entry (subject, number) WHERE subject IS NOT NULL;

-- The number, hash and time of the last entry; one row.
CREATE TABLE audit_head (
    id     BIGINT PRIMARY KEY CHECK (id = 1),
    number BIGINT NOT NULL,
    hash   BYTEA NOT NULL,
    at_ms  BIGINT NOT NULL
);
INSERT INTO audit_head (id, number, hash, at_ms) VALUES (1, 0, decode(repeat('00', 32), 'hex'), 0);

-- The signed head of the entries that were removed in front; one row at most.
CREATE TABLE audit_cut (
    id         BIGINT PRIMARY KEY CHECK (id = 1),
    number     BIGINT NOT NULL,
    hash       BYTEA NOT NULL,
    at_ms      BIGINT NOT NULL,
    public_key BYTEA NOT NULL,
    signature  BYTEA NOT NULL
);

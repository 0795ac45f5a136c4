-- The audit log: a chain of hashes. What stands in the other columns of an entry is only there to find it by.

CREATE TABLE audit_entry (
    number  INTEGER PRIMARY KEY,                  -- 1, 2, 3 … without gaps
    at_ms   INTEGER NOT NULL,
    who     TEXT NOT NULL,
    action  TEXT NOT NULL,
    subject TEXT,
    site    TEXT,
    entry   TEXT NOT NULL,                        -- its exact JSON
    hash    BLOB NOT NULL                         -- SHA-256 over the hash before and the JSON
) STRICT;
CREATE INDEX audit_entry_who ON audit_entry (who, number);
CREATE INDEX audit_entry_action ON audit_entry (action, number);
CREATE INDEX audit_entry_subject ON audit_entry (subject, number) WHERE subject IS NOT NULL;

-- The number, hash and time of the last entry; one row.
CREATE TABLE audit_head (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL,
    hash   BLOB NOT NULL,
    at_ms  INTEGER NOT NULL
) STRICT;
INSERT INTO audit_head (id, number, hash, at_ms) VALUES (1, 0, zeroblob(32), 0);

-- The signed head of the entries that were removed in front; one row at most.
CREATE TABLE audit_cut (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    number     INTEGER NOT NULL,
    hash       BLOB NOT NULL,
    at_ms      INTEGER NOT NULL,
    public_key BLOB NOT NULL,
    signature  BLOB NOT NULL
) STRICT;

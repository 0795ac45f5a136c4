-- Links that were made for people: to become a colleague, or to choose a new password. By the SHA-256 of their token; a used one is removed.

CREATE TABLE invitation (
    id         BLOB PRIMARY KEY,
    token      BLOB NOT NULL UNIQUE,
    subject    TEXT NOT NULL UNIQUE,              -- for whom: another link for the same replaces it
    what       TEXT NOT NULL,                     -- JSON of store::Invited
    made_by    TEXT NOT NULL,                     -- JSON of audit::Who
    made_at_ms INTEGER NOT NULL,
    until_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Links that were made for people: to become a colleague, or to choose a new password. By the SHA-256 of their token; a used one is removed.

CREATE TABLE invitation (
    id         BYTEA PRIMARY KEY,
    token      BYTEA NOT NULL UNIQUE,
    subject    TEXT NOT NULL UNIQUE,              -- for whom: another link for the same replaces it
    what       TEXT NOT NULL,                     -- JSON of store::Invited
    made_by    TEXT NOT NULL,                     -- JSON of audit::Who
    made_at_ms BIGINT NOT NULL,
    until_ms   BIGINT NOT NULL
);

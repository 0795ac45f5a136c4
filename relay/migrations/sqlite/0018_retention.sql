-- What is erased, and what is kept although its time is up.

-- Parts of an ended conversation that were erased: 1 texts, 2 names, 4 files. 0 again when something is written in it afterwards.
ALTER TABLE conversation ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;

CREATE INDEX attachment_conversation ON attachment (conversation);

-- Conversations of which nothing is removed until somebody says so.
CREATE TABLE hold (
    conversation BLOB PRIMARY KEY,
    visitor      BLOB NOT NULL,
    site         TEXT NOT NULL,
    reason       TEXT NOT NULL,
    who          TEXT NOT NULL,                   -- JSON of audit::Who
    since_ms     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_visitor ON hold (visitor);

-- Visitors who are erased, or are to be. Their rows in `visitor` stay, without the token.
CREATE TABLE erasure (
    visitor     BLOB PRIMARY KEY,
    site        TEXT NOT NULL,
    asked_at_ms INTEGER NOT NULL,
    done_at_ms  INTEGER                           -- none while something of theirs may be left
) STRICT, WITHOUT ROWID;
CREATE INDEX erasure_pending ON erasure (asked_at_ms) WHERE done_at_ms IS NULL;

-- What retention has removed and no audit entry tells of yet.
CREATE TABLE retention_count (
    site  TEXT PRIMARY KEY,
    texts INTEGER NOT NULL,
    names INTEGER NOT NULL,
    files INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Tasks that one relay of several does.
CREATE TABLE task_lease (
    name     TEXT PRIMARY KEY,
    holder   BLOB NOT NULL,
    until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

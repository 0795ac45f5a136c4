-- What is erased, and what is kept although its time is up.

CREATE INDEX attachment_conversation ON attachment (conversation);

-- Conversations of which nothing is removed until somebody says so.
CREATE TABLE hold (
    conversation BYTEA PRIMARY KEY,
    visitor      BYTEA NOT NULL,
    site         TEXT COLLATE "C" NOT NULL,
    reason       TEXT NOT NULL,
    who          TEXT NOT NULL,                   -- JSON of audit::Who
    since_ms     BIGINT NOT NULL
);
CREATE INDEX hold_visitor ON hold (visitor);

-- Visitors who are erased, or are to be. Their rows in `visitor` stay, without the token.
CREATE TABLE erasure (
    visitor     BYTEA PRIMARY KEY,
    site        TEXT COLLATE "C" NOT NULL,
    asked_at_ms BIGINT NOT NULL,
    done_at_ms  BIGINT                            -- none while something of theirs may be left
);
CREATE INDEX erasure_pending ON erasure (asked_at_ms) WHERE done_at_ms IS NULL;

-- What retention has removed and no audit entry tells of yet.
CREATE TABLE retention_count (
    site  TEXT COLLATE "C" PRIMARY KEY,
    texts BIGINT NOT NULL,
    names BIGINT NOT NULL,
    files BIGINT NOT NULL
);

-- Tasks that one relay of several does.
CREATE TABLE task_lease (
    name     TEXT COLLATE "C" PRIMARY KEY,
    holder   BYTEA NOT NULL,
    until_ms BIGINT NOT NULL
);

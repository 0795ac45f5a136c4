-- The first schema: settings, people, conversations and their event log, attachments.
-- Ids are 16 bytes, big-endian; times are milliseconds since 1970 UTC; tokens are kept as SHA-256 only.

CREATE TABLE site (
    id   TEXT PRIMARY KEY,
    name TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE site_origin (
    site   TEXT NOT NULL REFERENCES site (id) ON DELETE CASCADE,
    place  INTEGER NOT NULL,
    origin TEXT NOT NULL,
    PRIMARY KEY (site, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE agent (
    id            BLOB PRIMARY KEY,
    email         TEXT NOT NULL COLLATE NOCASE UNIQUE,
    name          TEXT NOT NULL,
    role          INTEGER NOT NULL,               -- 0 agent, 1 supervisor, 2 administrator
    capacity      INTEGER NOT NULL CHECK (capacity > 0),
    password_hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE agent_session (
    token         BLOB PRIMARY KEY,
    agent         BLOB NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
    created_at_ms INTEGER NOT NULL,
    used_at_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX agent_session_agent ON agent_session (agent);

CREATE TABLE visitor (
    id            BLOB PRIMARY KEY,
    site          TEXT NOT NULL REFERENCES site (id),
    token         BLOB NOT NULL UNIQUE,
    created_at_ms INTEGER NOT NULL,
    used_at_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A conversation as it stands: the fold over its events, written in the transaction of the event it follows from.
CREATE TABLE conversation (
    id                BLOB PRIMARY KEY,
    site              TEXT NOT NULL REFERENCES site (id),
    visitor           BLOB NOT NULL REFERENCES visitor (id),
    opened_at_ms      INTEGER NOT NULL,
    language          TEXT NOT NULL,
    state             INTEGER NOT NULL,           -- 0 idle, 1 waiting, 2 assigned, 3 closed
    state_at_ms       INTEGER NOT NULL,           -- waiting since, closed at; else 0
    turn              INTEGER NOT NULL,
    agent             BLOB,                       -- the last one assigned
    last_at_ms        INTEGER NOT NULL,
    last_line         TEXT NOT NULL,
    last_party        INTEGER NOT NULL,           -- 0 visitor, 1 staff
    unread_by_staff   BLOB NOT NULL,              -- message numbers: each one's distance to the one before, LEB128
    unread_by_visitor BLOB NOT NULL,
    seen_by_visitor   INTEGER NOT NULL,
    seen_by_staff     INTEGER NOT NULL,
    score             INTEGER NOT NULL,
    head_shared       INTEGER NOT NULL,
    head_staff        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Columns of these change only with the state, so that a plain message touches none of them.
CREATE INDEX conversation_open ON conversation (state, agent) WHERE state < 3;
CREATE INDEX conversation_closed ON conversation (state_at_ms) WHERE state = 3;
CREATE INDEX conversation_visitor ON conversation (visitor, opened_at_ms);

-- The log. The key keeps a lane together and in order; the index makes a retry harmless.
CREATE TABLE event (
    conversation BLOB NOT NULL REFERENCES conversation (id),
    lane         INTEGER NOT NULL,                -- 0 shared, 1 staff
    seq          INTEGER NOT NULL CHECK (seq > 0),
    at_ms        INTEGER NOT NULL,
    id           BLOB NOT NULL,
    author       INTEGER NOT NULL,                -- 0 visitor, 1 agent, 2 system
    agent        BLOB,
    agent_name   TEXT,
    body         TEXT NOT NULL,                   -- JSON of wire::Body
    PRIMARY KEY (conversation, lane, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX event_id ON event (conversation, id);

-- Files are uploaded before the message that names them, even before the conversation is opened: hence no reference to it.
CREATE TABLE attachment (
    id             BLOB PRIMARY KEY,
    conversation   BLOB NOT NULL,
    visitor        BLOB,                          -- the uploader: exactly one of these two
    agent          BLOB,
    key            TEXT NOT NULL UNIQUE,          -- the file's random name
    name           TEXT NOT NULL,
    media_type     TEXT NOT NULL,
    media          INTEGER NOT NULL,              -- 0 image, 1 video, 2 document
    bytes          INTEGER NOT NULL,
    width          INTEGER NOT NULL,
    height         INTEGER NOT NULL,
    uploaded_at_ms INTEGER NOT NULL,
    named          INTEGER NOT NULL DEFAULT 0,    -- 1 once a message names it
    CHECK ((visitor IS NULL) <> (agent IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX attachment_orphan ON attachment (uploaded_at_ms) WHERE named = 0;

-- Numbers that only rise: `turn` (places in line), `settings` (raised by every change of a site or an agent).
CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counter (name, value) VALUES ('turn', 0), ('settings', 0);

-- Records and the consumers of the feed. As in SQLite: ids, tokens and keys are bytes, everything that counts is a number of 64 bits, a truth
-- value is 0 or 1, times are milliseconds since 1970 UTC. Texts are compared byte by byte, so that order and case mean the same everywhere.

CREATE TABLE site (
    id      TEXT COLLATE "C" PRIMARY KEY,
    name    TEXT NOT NULL,
    removed BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE site_origin (
    site   TEXT COLLATE "C" NOT NULL REFERENCES site (id) ON DELETE CASCADE,
    place  BIGINT NOT NULL,
    origin TEXT NOT NULL,
    PRIMARY KEY (site, place)
);

CREATE TABLE agent (
    id            BYTEA PRIMARY KEY,
    email         TEXT COLLATE "C" NOT NULL,
    name          TEXT NOT NULL,
    role          BIGINT NOT NULL,                -- 0 agent, 1 supervisor, 2 administrator
    capacity      BIGINT NOT NULL CHECK (capacity > 0),
    password_hash TEXT NOT NULL,
    disabled      BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX agent_email ON agent (lower(email));

CREATE TABLE agent_session (
    token         BYTEA PRIMARY KEY,
    agent         BYTEA NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
    created_at_ms BIGINT NOT NULL,
    used_at_ms    BIGINT NOT NULL
);
CREATE INDEX agent_session_agent ON agent_session (agent);

CREATE TABLE agent_device (
    token      BYTEA PRIMARY KEY,
    agent      BYTEA NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
    used_at_ms BIGINT NOT NULL
);
CREATE INDEX agent_device_agent ON agent_device (agent, used_at_ms);

CREATE TABLE visitor (
    id            BYTEA PRIMARY KEY,
    site          TEXT COLLATE "C" NOT NULL REFERENCES site (id),
    token         BYTEA NOT NULL UNIQUE,
    created_at_ms BIGINT NOT NULL,
    used_at_ms    BIGINT NOT NULL
);

-- Which site a conversation is of: records ask for it. The log itself is not kept in PostgreSQL yet, so nothing is written here.
CREATE TABLE conversation (
    id   BYTEA PRIMARY KEY,
    site TEXT COLLATE "C" NOT NULL REFERENCES site (id)
);

CREATE TABLE attachment (
    id             BYTEA PRIMARY KEY,
    conversation   BYTEA NOT NULL,
    visitor        BYTEA,                         -- the uploader: exactly one of these two
    agent          BYTEA,
    key            TEXT COLLATE "C" NOT NULL UNIQUE,
    name           TEXT NOT NULL,
    media_type     TEXT NOT NULL,
    media          BIGINT NOT NULL,               -- 0 image, 1 video, 2 document
    bytes          BIGINT NOT NULL,
    width          BIGINT NOT NULL,
    height         BIGINT NOT NULL,
    uploaded_at_ms BIGINT NOT NULL,
    named          BIGINT NOT NULL DEFAULT 0,     -- 1 once a message names it
    site           TEXT COLLATE "C",
    CHECK ((visitor IS NULL) <> (agent IS NULL))
);
CREATE INDEX attachment_orphan ON attachment (uploaded_at_ms) WHERE named = 0;
CREATE INDEX attachment_visitor ON attachment (visitor) WHERE visitor IS NOT NULL;

-- Files of a site, written in the transaction that records or removes one.
CREATE TABLE kept (
    site  TEXT COLLATE "C" PRIMARY KEY,
    files BIGINT NOT NULL,
    bytes BIGINT NOT NULL
);

-- Who is kept out. Exactly one of `visitor` and `tag`.
CREATE TABLE block (
    id       BYTEA PRIMARY KEY,
    scope    BIGINT NOT NULL,                     -- 0 visitor, 1 address, 2 network
    visitor  BYTEA,
    tag      BIGINT,
    reason   TEXT NOT NULL,
    agent    BYTEA,                               -- who blocked; none for the command line
    since_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    CHECK ((visitor IS NULL) <> (tag IS NULL))
);

-- Random keys, made once.
CREATE TABLE secret (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value BYTEA NOT NULL
);

-- Numbers that only rise: `settings` (raised by every change of a site, an agent or a block).
CREATE TABLE counter (
    name  TEXT COLLATE "C" PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('settings', 0);

-- Who reads the feed: how far, and which relay may move that. The lease's number rises with each new holder.
CREATE TABLE consumer (
    name     TEXT COLLATE "C" PRIMARY KEY,
    position BIGINT NOT NULL,
    holder   BYTEA NOT NULL,
    lease    BIGINT NOT NULL,
    until_ms BIGINT NOT NULL
);

-- What the counter has counted.
CREATE TABLE event_count (
    site   TEXT COLLATE "C" NOT NULL,
    kind   TEXT COLLATE "C" NOT NULL,
    events BIGINT NOT NULL,
    PRIMARY KEY (site, kind)
);

-- Where the events are that some consumer has not read: filled by the log once it is here.
CREATE TABLE feed (
    position BIGINT PRIMARY KEY
);

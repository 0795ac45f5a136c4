-- Where a visitor came from, whether they were known, and why an open conversation is with nobody: what the queue is fair by. Addresses
-- themselves are never kept: `address` and `network` are keyed hashes of 64 bits, and the key is `secret`'s.

ALTER TABLE conversation ADD COLUMN aside INTEGER NOT NULL DEFAULT 0;     -- while idle: 0 the visitor left the queue, 1 gone, 2 a message
ALTER TABLE conversation ADD COLUMN address INTEGER;                      -- of the last queueing
ALTER TABLE conversation ADD COLUMN network INTEGER;
ALTER TABLE conversation ADD COLUMN known INTEGER NOT NULL DEFAULT 0;     -- the visitor was known when they last queued
ALTER TABLE conversation ADD COLUMN spam INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversation ADD COLUMN answered INTEGER NOT NULL DEFAULT 0;  -- an agent has written in it; older ones: an agent has had it
UPDATE conversation SET answered = 1 WHERE agent IS NOT NULL;

-- Who is kept out. Exactly one of `visitor` and `tag`.
CREATE TABLE block (
    id       BLOB PRIMARY KEY,
    scope    INTEGER NOT NULL,                -- 0 visitor, 1 address, 2 network
    visitor  BLOB,
    tag      INTEGER,
    reason   TEXT NOT NULL,
    agent    BLOB,                            -- who blocked; none for the command line
    since_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    CHECK ((visitor IS NULL) <> (tag IS NULL))
) STRICT, WITHOUT ROWID;

-- Random keys, made once.
CREATE TABLE secret (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

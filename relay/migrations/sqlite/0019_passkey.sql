-- Passkeys: public keys by which agents sign in.

CREATE TABLE passkey (
    id         BLOB PRIMARY KEY,
    agent      BLOB NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
    credential BLOB NOT NULL UNIQUE,              -- the credential's id, as the authenticator made it
    host       TEXT NOT NULL,                     -- for which it was made
    name       TEXT NOT NULL,
    public_key BLOB NOT NULL,
    verifies   INTEGER NOT NULL,                  -- whether it verified its user when it was made
    synced     INTEGER NOT NULL,                  -- whether it may be copied to other devices
    transports INTEGER NOT NULL,
    counter    INTEGER NOT NULL,                  -- of signatures, at the last use
    made_at_ms INTEGER NOT NULL,
    used_at_ms INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX passkey_agent ON passkey (agent);

-- Passkeys: public keys by which agents sign in.

CREATE TABLE passkey (
    id         BYTEA PRIMARY KEY,
    agent      BYTEA NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
    credential BYTEA NOT NULL UNIQUE,              -- the credential's id, as the authenticator made it
    host       TEXT NOT NULL,                     -- for which it was made
    name       TEXT NOT NULL,
    public_key BYTEA NOT NULL,
    verifies   BIGINT NOT NULL,                   -- whether it verified its user when it was made
    synced     BIGINT NOT NULL,                   -- whether it may be copied to other devices
    transports BIGINT NOT NULL,
    counter    BIGINT NOT NULL,                   -- of signatures, at the last use
    made_at_ms BIGINT NOT NULL,
    used_at_ms BIGINT
);

CREATE INDEX passkey_agent ON passkey (agent);

-- Who may come in: agents that are switched off, browsers that an agent has signed in from, sites that no page may carry any more.

ALTER TABLE agent ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;

-- A removed site keeps its row while conversations refer to it.
ALTER TABLE site ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;

-- Browsers known to an account, by the SHA-256 of the token in their cookie.
CREATE TABLE agent_device (
    token         BLOB PRIMARY KEY,
    agent         BLOB NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
    used_at_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX agent_device_agent ON agent_device (agent, used_at_ms);

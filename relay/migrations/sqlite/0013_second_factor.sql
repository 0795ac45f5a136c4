-- Second factors by code (the secret is a sealed value), recovery codes by their hashes, and since when agents have their roles.

CREATE TABLE second_factor (
    agent      BLOB PRIMARY KEY REFERENCES agent (id) ON DELETE CASCADE,
    made_at_ms INTEGER NOT NULL,
    used_step  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_code (
    agent BLOB NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
    code  BLOB NOT NULL,
    PRIMARY KEY (agent, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE agent_role (
    agent       BLOB NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
    role        TEXT NOT NULL,
    given_at_ms INTEGER NOT NULL,
    PRIMARY KEY (agent, role)
) STRICT, WITHOUT ROWID;

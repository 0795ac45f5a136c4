-- Second factors by code (the secret is a sealed value), recovery codes by their hashes, and since when agents have their roles.

CREATE TABLE second_factor (
    agent      BYTEA PRIMARY KEY REFERENCES agent (id) ON DELETE CASCADE,
    made_at_ms BIGINT NOT NULL,
    used_step  BIGINT NOT NULL
);

CREATE TABLE recovery_code (
    agent BYTEA NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
    code  BYTEA NOT NULL,
    PRIMARY KEY (agent, code)
);

CREATE TABLE agent_role (
    agent       BYTEA NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
    role        TEXT NOT NULL,
    given_at_ms BIGINT NOT NULL,
    PRIMARY KEY (agent, role)
);

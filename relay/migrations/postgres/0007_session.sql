-- Sign-ins as people see them: an id that is no secret, when the agent last proved who they are, browser, and the tag of the address.

ALTER TABLE agent_session ADD COLUMN id BYTEA;
ALTER TABLE agent_session ADD COLUMN confirmed_at_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE agent_session ADD COLUMN browser TEXT NOT NULL DEFAULT '';
ALTER TABLE agent_session ADD COLUMN from_tag BIGINT;
UPDATE agent_session SET id = uuid_send(gen_random_uuid()), confirmed_at_ms = created_at_ms;
CREATE UNIQUE INDEX agent_session_id ON agent_session (id);

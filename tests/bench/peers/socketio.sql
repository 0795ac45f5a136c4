-- The tables of the socket.io peer: people by their token, messages by number and by the client's id.
CREATE TABLE person (
    token TEXT PRIMARY KEY,
    id    BIGINT NOT NULL UNIQUE,
    staff BOOLEAN NOT NULL,
    agent BIGINT NOT NULL
);
CREATE TABLE message (
    seq          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conversation BIGINT NOT NULL,
    id           UUID NOT NULL UNIQUE,
    at           TIMESTAMPTZ NOT NULL DEFAULT now(),
    body         TEXT NOT NULL
);
CREATE INDEX message_conversation ON message (conversation, seq);

-- Requests with an Idempotency-Key. `item` is the SHA-256 of who asked, the route and the key; their answers are sealed (owner `idempotency`).

CREATE TABLE idempotency (
    item         TEXT PRIMARY KEY,
    asker        TEXT NOT NULL,
    body         BYTEA NOT NULL,                  -- SHA-256
    begun_at_ms  BIGINT NOT NULL,
    answer_bytes BIGINT                          -- none while it has no answer
);

CREATE INDEX idempotency_asker ON idempotency (asker);

-- Secrets that only the relay's key opens. Each is bound to its place: whose it is (`owner`, as `second_factor`), and which of these (`item`).
CREATE TABLE sealed (
    owner TEXT COLLATE "C" NOT NULL,
    item  TEXT COLLATE "C" NOT NULL,
    value BYTEA NOT NULL,
    PRIMARY KEY (owner, item)
);

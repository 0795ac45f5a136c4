-- Secrets that only the relay's key opens. Each is bound to its place: whose it is (`owner`, as `second_factor`), and which of these (`item`).
CREATE TABLE sealed (
    owner TEXT NOT NULL,
    item  TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (owner, item)
) STRICT, WITHOUT ROWID;

-- What is kept: the store's own id, and how much the files of each visitor and site take. The id tells one store from another when a
-- wrong folder is mounted; quotas ask for the sums with every upload.

CREATE TABLE store (
    id BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
INSERT INTO store (id) VALUES (randomblob(16));

-- The site a file was brought to: its visitor's, or its conversation's.
ALTER TABLE attachment ADD COLUMN site TEXT;
UPDATE attachment SET site = coalesce(
    (SELECT site FROM visitor WHERE id = attachment.visitor),
    (SELECT site FROM conversation WHERE id = attachment.conversation)
);
CREATE INDEX attachment_visitor ON attachment (visitor, bytes) WHERE visitor IS NOT NULL;

-- Files of a site, written in the transaction that records or removes one.
CREATE TABLE kept (
    site  TEXT PRIMARY KEY,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO kept (site, files, bytes)
SELECT site, count(*), sum(bytes) FROM attachment WHERE site IS NOT NULL GROUP BY site;

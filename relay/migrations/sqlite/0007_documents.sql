-- Documents: what people configure, as JSON. A site exists as long as its document does; its row in `site` is only what visitors and conversations
-- refer to.

CREATE TABLE document (
    kind    TEXT NOT NULL,
    id      TEXT NOT NULL,
    site    TEXT,                                 -- none: for all sites
    version INTEGER NOT NULL,                     -- the change that wrote it
    body    TEXT NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT;

-- What each change made of a document, the present version too. Without a body: it was removed.
CREATE TABLE document_history (
    kind    TEXT NOT NULL,
    id      TEXT NOT NULL,
    version INTEGER NOT NULL,
    at_ms   INTEGER NOT NULL,
    who     TEXT NOT NULL,                        -- JSON of audit::Who
    site    TEXT,
    body    TEXT,
    PRIMARY KEY (kind, id, version)
) STRICT;
CREATE INDEX document_removed ON document_history (kind, id, version) WHERE body IS NULL;

-- Another number that only rises: `documents` (raised by every change of documents).
INSERT INTO counter (name, value) SELECT 'documents', EXISTS (SELECT 1 FROM site WHERE removed = 0);
INSERT INTO document (kind, id, site, version, body)
SELECT 'site', id, id, 1, json_object('name', name, 'origins', json((
    SELECT json_group_array(origin ORDER BY place) FROM site_origin WHERE site_origin.site = site.id
))) FROM site WHERE removed = 0;
INSERT INTO document_history (kind, id, version, at_ms, who, site, body)
SELECT kind, id, version, CAST(strftime('%s', 'now') AS INTEGER) * 1000, '{"type":"system"}', site, body FROM document;

DROP TABLE site_origin;
ALTER TABLE site DROP COLUMN name;

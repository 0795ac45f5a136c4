-- Documents: what people configure, as JSON. A site exists as long as its document does; its row in `site` is only what visitors and conversations
-- refer to.

CREATE TABLE document (
    kind    TEXT COLLATE "C" NOT NULL,
    id      TEXT COLLATE "C" NOT NULL,
    site    TEXT COLLATE "C",                     -- none: for all sites
    version BIGINT NOT NULL,                      -- the change that wrote it
    body    TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);

-- What each change made of a document, the present version too. Without a body: it was removed.
CREATE TABLE document_history (
    kind    TEXT COLLATE "C" NOT NULL,
    id      TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    at_ms   BIGINT NOT NULL,
    who     TEXT NOT NULL,                        -- JSON of audit::Who
    site    TEXT COLLATE "C",
    body    TEXT,
    PRIMARY KEY (kind, id, version)
);
CREATE INDEX document_removed ON document_history (kind, id, version) WHERE body IS NULL;

-- Another number that only rises: `documents` (raised by every change of documents).
INSERT INTO counter (name, value)
SELECT 'documents', CASE WHEN EXISTS (SELECT 1 FROM site WHERE removed = 0) THEN 1 ELSE 0 END;
INSERT INTO document (kind, id, site, version, body)
SELECT 'site', id, id, 1, json_build_object('name', name, 'origins', coalesce((
    SELECT json_agg(origin ORDER BY place) FROM site_origin WHERE site_origin.site = site.id
), '[]'::json))::text FROM site WHERE removed = 0;
INSERT INTO document_history (kind, id, version, at_ms, who, site, body)
SELECT kind, id, version, (extract(epoch FROM now()) * 1000)::bigint, '{"type":"system"}', site, body FROM document;

DROP TABLE site_origin;
ALTER TABLE site DROP COLUMN name;

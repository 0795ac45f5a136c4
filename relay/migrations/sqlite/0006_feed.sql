-- The feed: every event has a position, its place in the one order in which everything was committed: 1, 2, 3 … without gaps.
-- `recent.place` was that already for the events that wait; now it is kept when they move, and the older events are numbered before them.

DROP VIEW every_event;
ALTER TABLE recent RENAME COLUMN place TO position;
ALTER TABLE event ADD COLUMN position INTEGER NOT NULL DEFAULT 0;

-- Events that are in `event` alone, in the order of their time. A clock that was set back must not change the order of a lane.
CREATE TABLE numbered (
    conversation BLOB NOT NULL,
    lane         INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    PRIMARY KEY (conversation, lane, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE waiting (
    conversation BLOB NOT NULL,
    lane         INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    PRIMARY KEY (conversation, lane, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO waiting SELECT conversation, lane, seq FROM recent;
INSERT INTO numbered
SELECT conversation, lane, seq, row_number() OVER (ORDER BY at_ms, conversation, lane, seq) FROM (
    SELECT conversation, lane, seq, max(at_ms) OVER (PARTITION BY conversation, lane ORDER BY seq) AS at_ms FROM event
    WHERE (conversation, lane, seq) NOT IN (SELECT conversation, lane, seq FROM waiting)
);
DROP TABLE waiting;

-- Where the rows of `recent` begin too low for so many older events they move up; in two steps, because positions are unique.
CREATE TABLE shift (older INTEGER NOT NULL, first INTEGER NOT NULL) STRICT;
INSERT INTO shift SELECT (SELECT count(*) FROM numbered), (SELECT ifnull(min(position), 0) FROM recent);
UPDATE recent SET position = -position - (SELECT older + 1 - first FROM shift)
WHERE (SELECT older + 1 > first FROM shift);
UPDATE recent SET position = -position WHERE position < 0;
-- The older ones end right before `recent`.
UPDATE event SET position = ifnull((SELECT position FROM numbered WHERE numbered.conversation = event.conversation
    AND numbered.lane = event.lane AND numbered.seq = event.seq), 0);
UPDATE event SET position = position + (SELECT ifnull(min(position), 1 + (SELECT older FROM shift)) FROM recent)
    - 1 - (SELECT older FROM shift)
WHERE position > 0 AND (SELECT ifnull(min(position), 1 + (SELECT older FROM shift)) FROM recent) <> 1 + (SELECT older FROM shift);
UPDATE event SET position = recent.position FROM recent
WHERE recent.conversation = event.conversation AND recent.lane = event.lane AND recent.seq = event.seq;
-- The last position given before the first row of `recent`: the next one is above it also when `recent` is empty.
INSERT INTO counter (name, value) SELECT 'position', older FROM shift;
DROP TABLE numbered;
DROP TABLE shift;

-- The whole log, for whoever looks from outside: rows of `recent` stay for a while after they were moved.
CREATE VIEW every_event AS
SELECT conversation, lane, seq, at_ms, id, author, agent, agent_name, body, position FROM event
UNION
SELECT conversation, lane, seq, at_ms, id, author, agent, agent_name, body, position FROM recent;

-- Where the events are that some consumer has not read and that are not in `recent` any more. An index and no more: it may be cut at any
-- time, because `event` knows its positions too.
CREATE TABLE feed (
    position     INTEGER PRIMARY KEY,
    conversation BLOB NOT NULL,
    lane         INTEGER NOT NULL,
    seq          INTEGER NOT NULL
) STRICT;

-- Who reads the feed: how far, and which relay may move that. The lease's number rises with each new holder.
CREATE TABLE consumer (
    name     TEXT PRIMARY KEY,
    position INTEGER NOT NULL,                    -- the last one it is done with
    holder   BLOB NOT NULL,
    lease    INTEGER NOT NULL,
    until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the counter has counted.
CREATE TABLE event_count (
    site   TEXT NOT NULL,
    kind   TEXT NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (site, kind)
) STRICT, WITHOUT ROWID;

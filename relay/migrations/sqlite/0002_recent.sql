-- Events from their commit until they are moved to their place in `event`: one after the other at the end of one table, so that a
-- commit writes a few whole pages instead of several for each conversation. A relay keeps all of these in memory, too.
-- While a conversation has events here, the columns of its row from last_at_ms on may be behind; folding these events in brings them up to date.

CREATE TABLE recent (
    place        INTEGER PRIMARY KEY,             -- rises with every event
    conversation BLOB NOT NULL,
    lane         INTEGER NOT NULL,
    seq          INTEGER NOT NULL,
    at_ms        INTEGER NOT NULL,
    id           BLOB NOT NULL,
    author       INTEGER NOT NULL,
    agent        BLOB,
    agent_name   TEXT,
    body         TEXT NOT NULL
) STRICT;

-- The whole log, for whoever looks from outside: rows of `recent` stay for a while after they were moved.
CREATE VIEW every_event AS
SELECT conversation, lane, seq, at_ms, id, author, agent, agent_name, body FROM event
UNION
SELECT conversation, lane, seq, at_ms, id, author, agent, agent_name, body FROM recent;

-- What an agent sees only a part of.

-- The site of a blocked visitor; none for an address or a network, which are blocked on all sites, and for blocks made before.
ALTER TABLE block ADD COLUMN site TEXT;

-- Ended conversations of one site, newest first.
CREATE INDEX conversation_closed_site ON conversation (site, state_at_ms) WHERE state = 3;

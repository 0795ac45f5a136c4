-- The site of a blocked visitor; none for an address or a network, which are blocked on all sites, and for blocks made before.
ALTER TABLE block ADD COLUMN site TEXT COLLATE "C";

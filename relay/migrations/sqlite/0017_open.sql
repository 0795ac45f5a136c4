-- Open conversations in the order of their ids: lists of them are read page by page.
CREATE INDEX conversation_open_id ON conversation (id) WHERE state < 3;

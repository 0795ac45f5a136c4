-- What an agent may do, where, and when it is assigned conversations. Roles and scope are JSON: ids of roles, and `relay_settings::Scope`.
-- The column `role` is what these replace; it is written as 0 and read no more.

ALTER TABLE agent ADD COLUMN roles TEXT NOT NULL DEFAULT '[]';
ALTER TABLE agent ADD COLUMN scope TEXT NOT NULL DEFAULT '{"sites":[],"departments":[]}';
ALTER TABLE agent ADD COLUMN hours TEXT;

UPDATE agent SET
    roles = CASE role WHEN 2 THEN '["administrator"]' WHEN 1 THEN '["supervisor"]' ELSE '["agent"]' END,
    scope = '{"sites":"all","departments":"all"}';

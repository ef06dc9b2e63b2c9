-- What overviews and lists over all vaults go by. The new columns say what bodies say, and are
-- filled from them when this was applied.

-- How a machine stands, and the folded id of its host; null for all other kinds.
ALTER TABLE resources ADD COLUMN standing TEXT;
ALTER TABLE resources ADD COLUMN host TEXT;
CREATE INDEX resources_by_standing ON resources (kind, standing, id, alias, parent, host)
  WHERE standing IS NOT NULL;

-- How the last backup ended, when, and the code of what its point got less than was asked; when the
-- run after the one that is due is due too, and so a point is missed.
ALTER TABLE protected_items ADD COLUMN last_status TEXT;
ALTER TABLE protected_items ADD COLUMN last_at INTEGER;
ALTER TABLE protected_items ADD COLUMN downgrade TEXT;
ALTER TABLE protected_items ADD COLUMN missed_at INTEGER;
CREATE INDEX protected_items_by_standing ON protected_items
  (vault, state, purge_at, last_status, last_at, downgrade, missed_at, next_run, data_id, id);

CREATE INDEX protected_items_by_state ON protected_items (state, id, machine, machine_group)
  WHERE purge_at IS NULL;

-- How consistent a point is; with all that is shown of the points of a day in the index.
ALTER TABLE recovery_points ADD COLUMN consistency TEXT;
DROP INDEX recovery_points_by_time;
CREATE INDEX recovery_points_by_time ON recovery_points
  (item, taken_at, number, tiers, consistency);

-- With what is counted, or filtered by, in the index.
DROP INDEX jobs_ended;
CREATE INDEX jobs_ended ON jobs (ended_at, vault, status) WHERE ended_at IS NOT NULL;
CREATE INDEX jobs_newest ON jobs (started_at, id, vault);
CREATE INDEX jobs_newest_by_status ON jobs (status, started_at, id, operation, vault);
CREATE INDEX jobs_newest_by_operation ON jobs (operation, started_at, id, status, vault);

CREATE INDEX protected_items_by_machine ON protected_items (machine, machine_group);
CREATE INDEX jobs_unfinished_by_item ON jobs (item, started_at, id)
  WHERE item IS NOT NULL AND ended_at IS NULL;

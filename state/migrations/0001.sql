-- Written in SQLite's words; PostgreSQL reads INTEGER as BIGINT, and TEXT compares byte by byte
-- on both. Times are microseconds since 1970, UTC. Ids are folded to lower case; the case that
-- was given first is in display_id. What is searched, sorted or joined has a column, the rest of
-- a record is in body (JSON).

CREATE TABLE schema_versions (
  version INTEGER PRIMARY KEY,
  applied INTEGER NOT NULL
) STRICT;

CREATE TABLE resources (
  id TEXT PRIMARY KEY,
  display_id TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  parent TEXT NOT NULL,
  alias TEXT,
  revision INTEGER NOT NULL,
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX resources_by_parent ON resources (parent, kind, id);
CREATE INDEX resources_by_kind ON resources (kind, id);
CREATE INDEX resources_by_alias ON resources (kind, alias, id) WHERE alias IS NOT NULL;

CREATE TABLE protected_items (
  id TEXT PRIMARY KEY,
  display_id TEXT NOT NULL,
  data_id INTEGER NOT NULL UNIQUE,
  vault TEXT NOT NULL REFERENCES resources (id),
  machine TEXT NOT NULL,
  machine_group TEXT NOT NULL,
  policy TEXT REFERENCES resources (id),
  state TEXT NOT NULL,
  next_run INTEGER,
  purge_at INTEGER,
  revision INTEGER NOT NULL,
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX protected_items_live ON protected_items (machine, machine_group)
  WHERE purge_at IS NULL;
CREATE INDEX protected_items_by_vault ON protected_items (vault, id);
CREATE INDEX protected_items_by_policy ON protected_items (policy, id) WHERE policy IS NOT NULL;
CREATE INDEX protected_items_due ON protected_items (next_run, id) WHERE next_run IS NOT NULL;
CREATE INDEX protected_items_purge ON protected_items (purge_at, id) WHERE purge_at IS NOT NULL;

CREATE TABLE counters (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT;

CREATE TABLE recovery_points (
  item INTEGER NOT NULL REFERENCES protected_items (data_id),
  number INTEGER NOT NULL,
  point TEXT NOT NULL,
  taken_at INTEGER NOT NULL,
  expires_at INTEGER,
  snapshot_expires_at INTEGER,
  tiers TEXT NOT NULL,
  revision INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (item, number)
) STRICT;
CREATE INDEX recovery_points_by_time ON recovery_points (item, taken_at, number);
-- By item: the points of those that are stopped expire and stay, and are not to be walked over.
CREATE INDEX recovery_points_expiry ON recovery_points (item, expires_at)
  WHERE expires_at IS NOT NULL;
CREATE INDEX recovery_points_snapshot_expiry ON recovery_points (item, snapshot_expires_at)
  WHERE snapshot_expires_at IS NOT NULL;

-- What the points of an item come to: kept with each of them.
CREATE TABLE point_sums (
  item INTEGER PRIMARY KEY REFERENCES protected_items (data_id),
  points INTEGER NOT NULL,
  logical INTEGER NOT NULL
) STRICT;

-- What an item takes in a store, as it was counted, and what was stored since.
CREATE TABLE item_usages (
  item INTEGER NOT NULL REFERENCES protected_items (data_id),
  store TEXT NOT NULL,
  own INTEGER NOT NULL,
  shared INTEGER NOT NULL,
  added INTEGER NOT NULL,
  PRIMARY KEY (item, store)
) STRICT;

CREATE TABLE store_usages (
  vault TEXT NOT NULL,
  store TEXT NOT NULL,
  counted_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (vault, store)
) STRICT;

-- A day of the meter: a row for each vault, and one with no name for the whole.
CREATE TABLE meter (
  day INTEGER NOT NULL,
  vault TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (day, vault)
) STRICT;

CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  vault TEXT NOT NULL,
  item TEXT,
  operation TEXT NOT NULL,
  status TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  revision INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX jobs_by_time ON jobs (vault, started_at, id);
CREATE INDEX jobs_by_status ON jobs (vault, status, started_at, id);
CREATE INDEX jobs_by_operation ON jobs (vault, operation, started_at, id);
CREATE INDEX jobs_by_item ON jobs (item, started_at, id) WHERE item IS NOT NULL;
CREATE INDEX jobs_unfinished ON jobs (started_at, id) WHERE ended_at IS NULL;
CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE operations (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  status TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  keep_until INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX operations_end ON operations (keep_until);

CREATE TABLE principals (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  login TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE TABLE activity (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  scope TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX activity_by_time ON activity (at, id);

CREATE TABLE alerts (
  id TEXT PRIMARY KEY,
  vault TEXT NOT NULL,
  target TEXT NOT NULL,
  rule TEXT NOT NULL,
  state TEXT NOT NULL,
  fired_at INTEGER NOT NULL,
  resolved_at INTEGER,
  changed INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX alerts_by_time ON alerts (fired_at, id);
CREATE INDEX alerts_by_target ON alerts (target, rule, fired_at);
CREATE INDEX alerts_firing ON alerts (id) WHERE resolved_at IS NULL;
CREATE UNIQUE INDEX alerts_open ON alerts (target, rule)
  WHERE resolved_at IS NULL AND state <> 'Closed';

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;

CREATE TABLE leases (
  name TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  generation INTEGER NOT NULL,
  until INTEGER NOT NULL
) STRICT;

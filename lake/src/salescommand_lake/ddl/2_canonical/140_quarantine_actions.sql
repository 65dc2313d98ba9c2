-- What people did about the quarantine: rows are only ever added, an undo is a row of its own.
CREATE TABLE IF NOT EXISTS quarantine_actions (
  action_id String COMMENT 'id of the action',
  action LowCardinality(String) COMMENT 'replay, correct, ignore or undo',
  source LowCardinality(String) COMMENT 'source of the events',
  target String COMMENT 'what it was about: the filters of a group, or an event',
  undoes String COMMENT 'the action that an undo takes back, else empty',
  reason String COMMENT 'why, in words',
  actor String COMMENT 'who did it',
  done_at DateTime64(6, 'UTC') COMMENT 'when',
  before String COMMENT 'JSON: what was there before, such as the number of open entries',
  after String COMMENT 'JSON: what was there after'
)
ENGINE = MergeTree
ORDER BY (done_at, action_id)
SETTINGS non_replicated_deduplication_window = 1000

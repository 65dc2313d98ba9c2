-- What people and vendors decided about which records are one: rows are only ever added, an undo is a row of its own.
CREATE TABLE IF NOT EXISTS identity_decisions (
  decision_id String COMMENT 'id of the decision',
  noun LowCardinality(String) COMMENT 'canonical noun',
  action LowCardinality(String) COMMENT 'merge, unmerge, dismiss (not a duplicate) or undo',
  members Array(String) COMMENT 'canonical ids: the records merged, split off, or told apart',
  undoes String COMMENT 'the decision that an undo takes back, else empty',
  reason String COMMENT 'why, in words',
  actor String COMMENT 'who decided: a person, a program, or vendor:SOURCE',
  decided_at DateTime64(6, 'UTC') COMMENT 'when; of two decisions about a record the later counts'
)
ENGINE = MergeTree
ORDER BY (noun, decided_at, decision_id)
SETTINGS non_replicated_deduplication_window = 1000

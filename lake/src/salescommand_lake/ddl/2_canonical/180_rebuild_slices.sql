-- The slices of rebuilds, by ranges of ids, so that one that was stopped goes on where it was.
CREATE TABLE IF NOT EXISTS rebuild_slices (
  rebuild_id String COMMENT 'the rebuild',
  noun LowCardinality(String) COMMENT 'canonical noun',
  number UInt32 COMMENT 'place in the order',
  low String COMMENT 'lowest id at the source',
  high Nullable(String) COMMENT 'first id of the next slice; NULL in the last one',
  events UInt64 COMMENT 'about how many events it reads',
  done Bool COMMENT 'whether it is in the tables of the rebuild',
  at DateTime64(6, 'UTC') COMMENT 'when this row was written'
)
ENGINE = ReplacingMergeTree(at)
ORDER BY (rebuild_id, noun, number)

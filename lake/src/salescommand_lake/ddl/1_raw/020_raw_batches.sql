-- The work queue of the fold: what each insert stored. A batch may have several rows for a source; sum them.
CREATE TABLE IF NOT EXISTS raw_batches (
  batch_id String COMMENT 'the insert',
  source String COMMENT 'source of the events',
  record_type LowCardinality(String) COMMENT 'noun of the events, empty when none was resolved',
  events UInt64 COMMENT 'events stored',
  first_seq UInt64 COMMENT 'lowest arrival number',
  last_seq UInt64 COMMENT 'highest arrival number',
  loaded_at DateTime64(6, 'UTC') COMMENT 'when they were stored'
)
ENGINE = MergeTree
ORDER BY (batch_id, source, record_type)
SETTINGS
  non_replicated_deduplication_window = 10000

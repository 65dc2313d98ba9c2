-- The records that each insert touched, so that the fold reads these and no others.
CREATE TABLE IF NOT EXISTS raw_batch_keys (
  batch_id String COMMENT 'the insert',
  source String COMMENT 'source of the record',
  record_type LowCardinality(String) COMMENT 'noun of the record, empty when none was resolved',
  entity_type String COMMENT 'the word that was posted',
  source_id String COMMENT 'the record''s id at its source',
  events UInt64 COMMENT 'events of the record in the insert'
)
ENGINE = MergeTree
ORDER BY (batch_id, source, record_type, entity_type, source_id)
SETTINGS
  non_replicated_deduplication_window = 10000

-- Which batches are folded, and what became of their events. Pending is raw_batches without these.
CREATE TABLE IF NOT EXISTS folded_batches (
  batch_id String COMMENT 'the insert',
  source String COMMENT 'source of the events',
  record_type LowCardinality(String) COMMENT 'noun of the events, empty when none was resolved',
  events UInt64 COMMENT 'events of the batch',
  mapped UInt64 COMMENT 'events that a mapping took',
  ignored UInt64 COMMENT 'events that no mapping claims',
  quarantined UInt64 COMMENT 'events that were set aside whole',
  folded_at DateTime64(6, 'UTC') COMMENT 'when the fold was done with them',
  expired UInt64 COMMENT 'events whose bytes have expired; the other counts leave them out'
)
ENGINE = ReplacingMergeTree(folded_at)
ORDER BY (batch_id, source, record_type)

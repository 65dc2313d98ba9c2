-- Versions of records: one row per accepted change, with the state after it. The first five columns are the
-- documented contract. Rows are only ever added; a late event adds the history after it again, known from its arrival.
CREATE TABLE IF NOT EXISTS canonical_records (
  canonical_id String COMMENT 'id of the record in the platform',
  entity_type String COMMENT 'canonical noun',
  payload JSON COMMENT 'the fields after the change; amounts and other decimals as strings',
  quality_score Float64 COMMENT '0 to 1: one minus the weights of the rules that fail',
  validated_at DateTime COMMENT 'when the version was made, UTC',
  source LowCardinality(String) COMMENT 'source of the record',
  source_id String COMMENT 'id of the record at its source',
  seq UInt64 COMMENT 'event that made the change',
  ord UInt256 COMMENT 'place of the event in the history of the record',
  source_time DateTime64(3, 'UTC') COMMENT 'when the change was true at its source',
  received_at DateTime64(6, 'UTC') COMMENT 'from when on the platform knew this state',
  operation Enum8('full' = 1, 'patch' = 2, 'delete' = 3, 'undelete' = 4, 'merge' = 5) COMMENT 'what the event did',
  is_deleted Bool COMMENT 'whether the record is deleted after it',
  provenance Map(LowCardinality(String), UInt256) COMMENT 'per field the place of the event that it comes from',
  failed_rules Array(LowCardinality(String)) COMMENT 'names of the quality rules that fail',
  content_hash UInt64 COMMENT 'hash of the state, so that the same state is not written twice',
  generation UInt64 COMMENT 'the fold that wrote it; where a mapping changed, the newest of one ord and received_at counts',
  merged_into String COMMENT 'id at the source of the record that survived, where this one was merged away'
)
ENGINE = MergeTree
ORDER BY (entity_type, canonical_id, validated_at, ord)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000

-- Every event as it came, for ever as it came. The first five columns are the documented contract.
-- payload is for questions; body is the truth: the JSON type drops nulls, sorts keys and refuses some documents.
-- A body that it refuses is stored all the same, with an empty payload and the reason in payload_error.
CREATE TABLE IF NOT EXISTS raw_events (
  source String COMMENT 'name of the source that posted it',
  entity_type String COMMENT 'the word that was posted in the address',
  source_id String COMMENT 'the record''s id at its source',
  payload JSON DEFAULT ifNull(accurateCastOrNull(body, 'JSON'), CAST('{}', 'JSON')) COMMENT 'the body for queries; not lossless',
  ingested_at DateTime DEFAULT toDateTime(received_at) COMMENT 'when the platform took it in, UTC, whole seconds of received_at',
  event_key FixedString(16) COMMENT 'what makes a repeat of the event recognisable',
  seq UInt64 COMMENT 'arrival number: microseconds since 2020-01-01 UTC, shifted by 10 bits, and the instance',
  vendor_seq UInt64 COMMENT 'the vendor''s own sequence, 0 where there is none',
  kind LowCardinality(String) COMMENT 'kind of the source: hubspot, salesforce, ...',
  record_type LowCardinality(String) COMMENT 'canonical noun that the kind resolved, empty when none was',
  operation Enum8('full' = 1, 'patch' = 2, 'delete' = 3, 'undelete' = 4, 'merge' = 5) COMMENT 'what the event does to its record',
  source_time DateTime64(3, 'UTC') COMMENT 'the vendor''s time of the change, or received_at',
  source_time_given Bool COMMENT 'whether source_time came from the vendor',
  received_at DateTime64(6, 'UTC') COMMENT 'when the platform took it in; the time of seq',
  body String COMMENT 'the exact bytes' CODEC(ZSTD(1)),
  body_sha256 FixedString(32) COMMENT 'SHA-256 of body',
  body_index UInt32 COMMENT 'place of this event in the request that carried it, from 0',
  request_sha256 FixedString(32) COMMENT 'SHA-256 of the whole request body',
  payload_error LowCardinality(String) DEFAULT multiIf(
    notEmpty(JSONAllPaths(payload)), '',
    empty(body), 'there is no body',
    isNotNull(accurateCastOrNull(body, 'JSON')), '',
    NOT isValidJSON(body), 'not readable as JSON: broken text, a lone surrogate, a number out of range, or nested too deep',
    JSONType(body) != 'Object', 'not a JSON object',
    'a key occurs twice, or a key with a dot collides with a nested one'
  ) COMMENT 'why payload is empty although body is not; empty when nothing is wrong',
  batch_id String COMMENT 'the insert that stored it',
  contract_error String COMMENT 'how the record breaks its source''s contract, which quarantines it; empty when it does not',
  INDEX seq_range seq TYPE minmax GRANULARITY 1,
  INDEX seq_lookup seq TYPE bloom_filter(0.002) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ingested_at, 'UTC')
ORDER BY (entity_type, source_id, ingested_at)
SETTINGS
  index_granularity = 256,
  min_compress_block_size = 16384,
  max_compress_block_size = 65536,
  non_replicated_deduplication_window = 10000

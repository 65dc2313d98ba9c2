-- Every mapping document that was ever applied: an append-only copy. The highest version of a scope and noun counts.
CREATE TABLE IF NOT EXISTS mapping_versions (
  scope String COMMENT 'source:NAME or kind:NAME',
  record_type LowCardinality(String) COMMENT 'canonical noun',
  version UInt32 COMMENT 'counts from 1; shipped mappings are version 0 and stand in the package',
  text String COMMENT 'the document, empty where it was removed',
  author String COMMENT 'who applied it',
  applied_at DateTime64(6, 'UTC') COMMENT 'when'
)
ENGINE = MergeTree
ORDER BY (scope, record_type, version)
SETTINGS non_replicated_deduplication_window = 1000

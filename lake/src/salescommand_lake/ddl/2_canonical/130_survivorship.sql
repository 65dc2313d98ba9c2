-- Whose value counts in a merged record: the sources in their order, per field. The newest row of a field counts.
CREATE TABLE IF NOT EXISTS survivorship (
  noun LowCardinality(String) COMMENT 'canonical noun',
  field LowCardinality(String) COMMENT 'the field, * for all that have no row of their own',
  sources Array(String) COMMENT 'sources, the most trusted first; those not named follow, the newest value first',
  author String COMMENT 'who set it',
  applied_at DateTime64(6, 'UTC') COMMENT 'when'
)
ENGINE = MergeTree
ORDER BY (noun, field, applied_at)
SETTINGS non_replicated_deduplication_window = 1000

-- What the platform said and when: each refresh adds the rows that it publishes. The first four columns are the
-- documented contract.
CREATE TABLE IF NOT EXISTS serving_views (
  view_id String COMMENT 'the view and its cut',
  entity_type String COMMENT 'canonical noun that the view counts',
  payload JSON COMMENT 'the row: keys of the group, value and rows; amounts as strings',
  refreshed_at DateTime COMMENT 'when it was published, UTC',
  view LowCardinality(String) COMMENT 'the cut: what is counted by which dimensions',
  metric LowCardinality(String) COMMENT 'slug of the metric',
  key Map(LowCardinality(String), String) COMMENT 'value of each dimension; a dimension without value is absent',
  currency LowCardinality(String) COMMENT 'reporting currency of amounts',
  value Nullable(Decimal(38, 6)) COMMENT 'the number; NULL where it is undefined',
  rows UInt64 COMMENT 'records behind the number; 0 withdraws a row published before',
  unpriced UInt64 COMMENT 'how many of them are left out of the value for want of a price',
  published_at DateTime64(6, 'UTC') COMMENT 'refreshed_at to the microsecond'
)
ENGINE = MergeTree
ORDER BY (entity_type, view_id, refreshed_at)
SETTINGS non_replicated_deduplication_window = 10000

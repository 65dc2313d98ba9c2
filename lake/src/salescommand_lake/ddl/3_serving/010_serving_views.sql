-- What the platform said and when: each refresh adds the rows that it publishes. The first four columns are the
-- documented contract.
CREATE TABLE IF NOT EXISTS serving_views (
  view_id String COMMENT 'the view and its cut',
  entity_type String COMMENT 'canonical noun that the view counts',
  payload JSON COMMENT 'the row: keys of the group, value and rows; amounts as strings',
  refreshed_at DateTime COMMENT 'when it was published, UTC'
)
ENGINE = MergeTree
ORDER BY (entity_type, view_id, refreshed_at)
SETTINGS non_replicated_deduplication_window = 10000

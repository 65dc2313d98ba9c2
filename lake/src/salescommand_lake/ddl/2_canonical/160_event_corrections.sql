-- Events that a corrected copy stands in for. The original stays in the raw zone; while the correction is active, the
-- records take the copy in its place, and once it is undone, the original again.
CREATE TABLE IF NOT EXISTS event_corrections (
  source LowCardinality(String) COMMENT 'source of both events',
  original UInt64 COMMENT 'the event that was corrected',
  corrected UInt64 COMMENT 'the event with the corrected copy',
  action_id String COMMENT 'the action that corrected it',
  active Bool COMMENT 'false once that was undone',
  version UInt64 COMMENT 'the newest counts'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (source, corrected)

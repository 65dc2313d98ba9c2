-- Entries of the quarantine that people have ignored, with the action that did it. The newest row counts.
CREATE TABLE IF NOT EXISTS quarantine_marks (
  source LowCardinality(String) COMMENT 'source of the event',
  seq UInt64 COMMENT 'the event',
  field LowCardinality(String) COMMENT 'the field, empty for the whole event',
  action_id String COMMENT 'the action that ignored it',
  ignored Bool COMMENT 'false once that was undone',
  version UInt64 COMMENT 'the newest counts'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (source, seq, field)

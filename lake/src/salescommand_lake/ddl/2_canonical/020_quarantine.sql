-- What could not be read: one row per field of an event, or per event with an empty field name. Applying a better
-- mapping writes the row again, resolved.
CREATE TABLE IF NOT EXISTS quarantine (
  source LowCardinality(String) COMMENT 'source of the event',
  seq UInt64 COMMENT 'the event',
  field LowCardinality(String) COMMENT 'the field, empty for the whole event',
  event_id String COMMENT 'public id of the event',
  record_type LowCardinality(String) COMMENT 'canonical noun',
  source_id String COMMENT 'id of the record at its source',
  value String COMMENT 'what was there, cut',
  reason LowCardinality(String) COMMENT 'why it was refused, in words',
  mapping_hash LowCardinality(String) COMMENT 'the mapping that refused it',
  mapping_version UInt32 COMMENT 'its version',
  received_at DateTime64(6, 'UTC') COMMENT 'when the event came in',
  generation UInt64 COMMENT 'the newest counts',
  resolved Bool COMMENT 'whether a later mapping could read it'
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (source, seq, field)

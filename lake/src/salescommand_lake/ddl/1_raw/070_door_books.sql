-- The books of every spool that ever took events, as each last reported them: a lost instance's counts stay.
CREATE TABLE IF NOT EXISTS door_books (
  spool_id String COMMENT 'the spool; a new file is a new spool',
  instance UInt16 COMMENT 'number of its instance, as in its events'' arrival numbers',
  source String COMMENT 'name of the source',
  received UInt64 COMMENT 'records that came',
  accepted UInt64 COMMENT 'records that were taken',
  duplicates UInt64 COMMENT 'taken records that repeated an earlier one',
  rejected UInt64 COMMENT 'records that were turned away at the door',
  refused UInt64 COMMENT 'events that the engine refused, kept apart in the spool',
  loaded UInt64 COMMENT 'events that are in the raw zone',
  damaged UInt64 COMMENT 'events that could not be read again from the spool',
  in_spool UInt64 COMMENT 'events that wait in the spool',
  progress UInt64 COMMENT 'grows with every event that comes or moves on: the newest report has most',
  reported_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'when, by the clock that also dates inserts'
)
ENGINE = ReplacingMergeTree(progress)
ORDER BY (spool_id, source)

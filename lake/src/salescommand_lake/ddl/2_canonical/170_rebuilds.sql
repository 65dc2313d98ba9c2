-- Rebuilds of the canonical zone and how far each got; the newest row of one counts.
CREATE TABLE IF NOT EXISTS rebuilds (
  rebuild_id String COMMENT 'the rebuild',
  scope String COMMENT 'what it rebuilds, as JSON',
  mappings String COMMENT 'fingerprint of the mappings that it reads by',
  state Enum8('running' = 1, 'done' = 2, 'left' = 3) COMMENT 'left: given up for a newer one',
  started_at DateTime64(6, 'UTC') COMMENT 'what arrived later is caught up with before the swap',
  updated_at DateTime64(6, 'UTC') COMMENT 'when this row was written'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY rebuild_id

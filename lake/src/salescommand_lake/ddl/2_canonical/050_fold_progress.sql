-- How far back the fold has to look for pending batches: all that were loaded before the highest mark are folded.
CREATE TABLE IF NOT EXISTS fold_progress (
  mark DateTime64(6, 'UTC') COMMENT 'batches loaded before this moment are folded',
  marked_at DateTime64(6, 'UTC') COMMENT 'when that was found'
)
ENGINE = MergeTree
ORDER BY mark

-- Which decisions are in the records.
CREATE TABLE IF NOT EXISTS identity_applied (
  decision_id String COMMENT 'the decision',
  applied_at DateTime64(6, 'UTC') COMMENT 'when the step was done'
)
ENGINE = MergeTree
ORDER BY decision_id

-- What ties records to each other within a step of the identity: records with the same rule and key are one.
CREATE TABLE IF NOT EXISTS identity_edges (
  generation UInt64 COMMENT 'the step',
  noun LowCardinality(String) COMMENT 'canonical noun',
  attempt UInt32 COMMENT 'counts the times that records were told apart',
  canonical_id String COMMENT 'the record',
  rule LowCardinality(String) COMMENT 'the rule, or merge for a decision; empty ties a record to itself',
  key String COMMENT 'the value of the rule, or the decision',
  words String COMMENT 'the reason in words',
  label String COMMENT 'sorts the record among its cluster: living and early ones first',
  at DateTime DEFAULT now() COMMENT 'when'
)
ENGINE = MergeTree
ORDER BY (generation, noun, attempt, rule, key)
TTL at + INTERVAL 1 DAY
SETTINGS index_granularity = 1024

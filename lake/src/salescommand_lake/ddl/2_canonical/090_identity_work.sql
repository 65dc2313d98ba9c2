-- The records that a step of the identity looks at, and the cluster that it has found for each so far. Of no use after.
CREATE TABLE IF NOT EXISTS identity_work (
  generation UInt64 COMMENT 'the step',
  noun LowCardinality(String) COMMENT 'canonical noun',
  canonical_id String COMMENT 'the record',
  role LowCardinality(String) COMMENT 'touched, near, context, apart (told apart from its cluster) or label',
  round UInt32 COMMENT 'of a label: the pass that found it; of apart: the attempt',
  label String COMMENT 'of a label: the smallest of the cluster; of apart: the decision',
  at DateTime DEFAULT now() COMMENT 'when'
)
ENGINE = MergeTree
ORDER BY (generation, noun, role, round, canonical_id)
TTL at + INTERVAL 1 DAY
SETTINGS index_granularity = 1024

-- Pairs of records that may be the same, each in both directions, with what speaks for it and against it.
CREATE TABLE IF NOT EXISTS identity_suggestions (
  noun LowCardinality(String) COMMENT 'canonical noun',
  canonical_id String COMMENT 'one record',
  other_id String COMMENT 'the other record',
  score Float64 COMMENT 'how likely they are the same, 0 to 1; 0 withdraws the pair',
  comparisons Array(Tuple(field String, words String, weight Float64)) COMMENT 'each comparison in words, with its weight in bits',
  generation UInt64 COMMENT 'the step that compared them; the newest counts'
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (noun, canonical_id, other_id)
SETTINGS index_granularity = 1024

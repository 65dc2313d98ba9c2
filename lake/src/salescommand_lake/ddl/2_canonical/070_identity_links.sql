-- Which records are one, as a history: a row whenever a record's cluster or its reasons change. A record without rows
-- stands for itself. The newest row counts; for a past moment of knowing, the newest up to then.
CREATE TABLE IF NOT EXISTS identity_links (
  noun LowCardinality(String) COMMENT 'canonical noun',
  canonical_id String COMMENT 'the record',
  cluster_id String COMMENT 'canonical id of the record that it is shown as; its own when it stands alone',
  reasons Array(String) COMMENT 'why it is linked, in words; empty when it stands alone',
  since DateTime64(6, 'UTC') COMMENT 'from when on the platform knew',
  generation UInt64 COMMENT 'the step that found it'
)
ENGINE = MergeTree
ORDER BY (noun, canonical_id, since, generation)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 1000

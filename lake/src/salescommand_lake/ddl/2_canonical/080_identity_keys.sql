-- Where to look for records that may be the same: what each record is known by, or has been. Keys that a record has no
-- more stay; whoever finds a record by one looks at the record itself.
CREATE TABLE IF NOT EXISTS identity_keys (
  noun LowCardinality(String) COMMENT 'canonical noun',
  rule LowCardinality(String) COMMENT 'what the key is: domain, email, ...; with a ~ when it only suggests',
  key String COMMENT 'the normalised value',
  canonical_id String COMMENT 'the record'
)
ENGINE = ReplacingMergeTree
ORDER BY (noun, rule, key, canonical_id)
SETTINGS index_granularity = 1024

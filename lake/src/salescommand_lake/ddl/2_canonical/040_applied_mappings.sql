-- By which mapping the events of each source were last read. Where the mapping in force is another, they are read again.
CREATE TABLE IF NOT EXISTS applied_mappings (
  source String COMMENT 'source of the events',
  kind LowCardinality(String) COMMENT 'its kind',
  record_type LowCardinality(String) COMMENT 'noun that the door resolved, empty when none was',
  entity_type String COMMENT 'the word that was posted',
  noun LowCardinality(String) COMMENT 'noun that the events became, empty when no mapping claims them',
  scope String COMMENT 'scope of the mapping',
  mapping_hash String COMMENT 'what identifies the compiled mapping, empty when there is none',
  mapping_version UInt32 COMMENT 'its version, 0 for a shipped one',
  generation UInt64 COMMENT 'the fold that read them; the newest counts'
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (source, kind, record_type, entity_type)

-- What has been applied to this database: one row per statement, the newest counts. 'schema' is the whole.
CREATE TABLE IF NOT EXISTS schema_ledger (
  name String COMMENT 'file or model that the statement comes from',
  checksum String COMMENT 'SHA-256 of the statement, hexadecimal',
  version UInt32 COMMENT 'version of the schema that it was applied for',
  applied_at DateTime64(6, 'UTC') COMMENT 'when it was applied'
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY name

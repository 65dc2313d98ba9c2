CREATE MATERIALIZED VIEW IF NOT EXISTS raw_batch_keys_feed TO raw_batch_keys AS
SELECT
  batch_id,
  source,
  record_type,
  entity_type,
  source_id,
  count() AS events
FROM raw_events
GROUP BY batch_id, source, record_type, entity_type, source_id

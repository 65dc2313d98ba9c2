CREATE MATERIALIZED VIEW IF NOT EXISTS raw_batches_feed TO raw_batches AS
SELECT
  batch_id,
  source,
  record_type,
  count() AS events,
  min(seq) AS first_seq,
  max(seq) AS last_seq,
  now64(6) AS loaded_at
FROM raw_events
GROUP BY batch_id, source, record_type

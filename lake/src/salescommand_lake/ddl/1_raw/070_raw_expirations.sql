-- How far the raw zone has expired: the bytes of events that arrived before the highest number are gone.
CREATE TABLE IF NOT EXISTS raw_expirations (
  seq_before UInt64 COMMENT 'events with a lower arrival number have expired',
  before DateTime64(6, 'UTC') COMMENT 'the same as a time',
  events UInt64 COMMENT 'how many expired this time',
  expired_at DateTime64(6, 'UTC') COMMENT 'when that was decided'
)
ENGINE = MergeTree
ORDER BY seq_before

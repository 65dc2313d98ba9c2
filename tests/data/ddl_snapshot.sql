-- Schema version 10. Written by: pytest tests/lake/test_schema.py --update-snapshots

-- 0_ledger/010_schema_ledger.sql
CREATE TABLE IF NOT EXISTS schema_ledger (
  name String COMMENT 'file or model that the statement comes from',
  checksum String COMMENT 'SHA-256 of the statement, hexadecimal',
  version UInt32 COMMENT 'version of the schema that it was applied for',
  applied_at DateTime64(6, 'UTC') COMMENT 'when it was applied'
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY name
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 0_ledger/020_backed_up_documents.sql
CREATE TABLE IF NOT EXISTS backed_up_documents (
  collection String COMMENT 'collection of MongoDB',
  document String COMMENT 'the document as BSON, encrypted with the key of sealed secrets'
)
ENGINE = MergeTree
ORDER BY collection
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 1_raw/010_raw_events.sql
CREATE TABLE IF NOT EXISTS raw_events (
  source String COMMENT 'name of the source that posted it',
  entity_type String COMMENT 'the word that was posted in the address',
  source_id String COMMENT 'the record''s id at its source',
  payload JSON DEFAULT ifNull(accurateCastOrNull(body, 'JSON'), CAST('{}', 'JSON')) COMMENT 'the body for queries; not lossless',
  ingested_at DateTime DEFAULT toDateTime(received_at) COMMENT 'when the platform took it in, UTC, whole seconds of received_at',
  event_key FixedString(16) COMMENT 'what makes a repeat of the event recognisable',
  seq UInt64 COMMENT 'arrival number: microseconds since 2020-01-01 UTC, shifted by 10 bits, and the instance',
  vendor_seq UInt64 COMMENT 'the vendor''s own sequence, 0 where there is none',
  kind LowCardinality(String) COMMENT 'kind of the source: hubspot, salesforce, ...',
  record_type LowCardinality(String) COMMENT 'canonical noun that the kind resolved, empty when none was',
  operation Enum8('full' = 1, 'patch' = 2, 'delete' = 3, 'undelete' = 4, 'merge' = 5) COMMENT 'what the event does to its record',
  source_time DateTime64(3, 'UTC') COMMENT 'the vendor''s time of the change, or received_at',
  source_time_given Bool COMMENT 'whether source_time came from the vendor',
  received_at DateTime64(6, 'UTC') COMMENT 'when the platform took it in; the time of seq',
  body String COMMENT 'the exact bytes' CODEC(ZSTD(1)),
  body_sha256 FixedString(32) COMMENT 'SHA-256 of body',
  body_index UInt32 COMMENT 'place of this event in the request that carried it, from 0',
  request_sha256 FixedString(32) COMMENT 'SHA-256 of the whole request body',
  payload_error LowCardinality(String) DEFAULT multiIf(
    notEmpty(JSONAllPaths(payload)), '',
    empty(body), 'there is no body',
    isNotNull(accurateCastOrNull(body, 'JSON')), '',
    NOT isValidJSON(body), 'not readable as JSON: broken text, a lone surrogate, a number out of range, or nested too deep',
    JSONType(body) != 'Object', 'not a JSON object',
    'a key occurs twice, or a key with a dot collides with a nested one'
  ) COMMENT 'why payload is empty although body is not; empty when nothing is wrong',
  batch_id String COMMENT 'the insert that stored it',
  contract_error String COMMENT 'how the record breaks its source''s contract, which quarantines it; empty when it does not',
  INDEX seq_range seq TYPE minmax GRANULARITY 1,
  INDEX seq_lookup seq TYPE bloom_filter(0.002) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(ingested_at, 'UTC')
ORDER BY (entity_type, source_id, ingested_at)
SETTINGS
  index_granularity = 256,
  min_compress_block_size = 16384,
  max_compress_block_size = 65536,
  non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 1_raw/020_raw_batches.sql
CREATE TABLE IF NOT EXISTS raw_batches (
  batch_id String COMMENT 'the insert',
  source String COMMENT 'source of the events',
  record_type LowCardinality(String) COMMENT 'noun of the events, empty when none was resolved',
  events UInt64 COMMENT 'events stored',
  first_seq UInt64 COMMENT 'lowest arrival number',
  last_seq UInt64 COMMENT 'highest arrival number',
  loaded_at DateTime64(6, 'UTC') COMMENT 'when they were stored'
)
ENGINE = MergeTree
ORDER BY (batch_id, source, record_type)
SETTINGS
  non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 1_raw/030_raw_batches_feed.sql
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
GROUP BY batch_id, source, record_type;

-- 1_raw/040_raw_batch_keys.sql
CREATE TABLE IF NOT EXISTS raw_batch_keys (
  batch_id String COMMENT 'the insert',
  source String COMMENT 'source of the record',
  record_type LowCardinality(String) COMMENT 'noun of the record, empty when none was resolved',
  entity_type String COMMENT 'the word that was posted',
  source_id String COMMENT 'the record''s id at its source',
  events UInt64 COMMENT 'events of the record in the insert'
)
ENGINE = MergeTree
ORDER BY (batch_id, source, record_type, entity_type, source_id)
SETTINGS
  non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 1_raw/050_raw_batch_keys_feed.sql
CREATE MATERIALIZED VIEW IF NOT EXISTS raw_batch_keys_feed TO raw_batch_keys AS
SELECT
  batch_id,
  source,
  record_type,
  entity_type,
  source_id,
  count() AS events
FROM raw_events
GROUP BY batch_id, source, record_type, entity_type, source_id;

-- 1_raw/060_folded_batches.sql
CREATE TABLE IF NOT EXISTS folded_batches (
  batch_id String COMMENT 'the insert',
  source String COMMENT 'source of the events',
  record_type LowCardinality(String) COMMENT 'noun of the events, empty when none was resolved',
  events UInt64 COMMENT 'events of the batch',
  mapped UInt64 COMMENT 'events that a mapping took',
  ignored UInt64 COMMENT 'events that no mapping claims',
  quarantined UInt64 COMMENT 'events that were set aside whole',
  folded_at DateTime64(6, 'UTC') COMMENT 'when the fold was done with them',
  expired UInt64 COMMENT 'events whose bytes have expired; the other counts leave them out'
)
ENGINE = ReplacingMergeTree(folded_at)
ORDER BY (batch_id, source, record_type)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 1_raw/070_door_books.sql
CREATE TABLE IF NOT EXISTS door_books (
  spool_id String COMMENT 'the spool; a new file is a new spool',
  instance UInt16 COMMENT 'number of its instance, as in its events'' arrival numbers',
  source String COMMENT 'name of the source',
  received UInt64 COMMENT 'records that came',
  accepted UInt64 COMMENT 'records that were taken',
  duplicates UInt64 COMMENT 'taken records that repeated an earlier one',
  rejected UInt64 COMMENT 'records that were turned away at the door',
  refused UInt64 COMMENT 'events that the engine refused, kept apart in the spool',
  loaded UInt64 COMMENT 'events that are in the raw zone',
  damaged UInt64 COMMENT 'events that could not be read again from the spool',
  in_spool UInt64 COMMENT 'events that wait in the spool',
  progress UInt64 COMMENT 'grows with every event that comes or moves on: the newest report has most',
  reported_at DateTime64(6, 'UTC') DEFAULT now64(6) COMMENT 'when, by the clock that also dates inserts'
)
ENGINE = ReplacingMergeTree(progress)
ORDER BY (spool_id, source)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 1_raw/070_raw_expirations.sql
CREATE TABLE IF NOT EXISTS raw_expirations (
  seq_before UInt64 COMMENT 'events with a lower arrival number have expired',
  before DateTime64(6, 'UTC') COMMENT 'the same as a time',
  events UInt64 COMMENT 'how many expired this time',
  expired_at DateTime64(6, 'UTC') COMMENT 'when that was decided'
)
ENGINE = MergeTree
ORDER BY seq_before
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 2_canonical/010_canonical_records.sql
CREATE TABLE IF NOT EXISTS canonical_records (
  canonical_id String COMMENT 'id of the record in the platform',
  entity_type String COMMENT 'canonical noun',
  payload JSON COMMENT 'the fields after the change; amounts and other decimals as strings',
  quality_score Float64 COMMENT '0 to 1: one minus the weights of the rules that fail',
  validated_at DateTime COMMENT 'when the version was made, UTC',
  source LowCardinality(String) COMMENT 'source of the record',
  source_id String COMMENT 'id of the record at its source',
  seq UInt64 COMMENT 'event that made the change',
  ord UInt256 COMMENT 'place of the event in the history of the record',
  source_time DateTime64(3, 'UTC') COMMENT 'when the change was true at its source',
  received_at DateTime64(6, 'UTC') COMMENT 'from when on the platform knew this state',
  operation Enum8('full' = 1, 'patch' = 2, 'delete' = 3, 'undelete' = 4, 'merge' = 5) COMMENT 'what the event did',
  is_deleted Bool COMMENT 'whether the record is deleted after it',
  provenance Map(LowCardinality(String), UInt256) COMMENT 'per field the place of the event that it comes from',
  failed_rules Array(LowCardinality(String)) COMMENT 'names of the quality rules that fail',
  content_hash UInt64 COMMENT 'hash of the state, so that the same state is not written twice',
  generation UInt64 COMMENT 'the fold that wrote it; where a mapping changed, the newest of one ord and received_at counts',
  merged_into String COMMENT 'id at the source of the record that survived, where this one was merged away'
)
ENGINE = MergeTree
ORDER BY (entity_type, canonical_id, validated_at, ord)
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 2_canonical/020_quarantine.sql
CREATE TABLE IF NOT EXISTS quarantine (
  source LowCardinality(String) COMMENT 'source of the event',
  seq UInt64 COMMENT 'the event',
  field LowCardinality(String) COMMENT 'the field, empty for the whole event',
  event_id String COMMENT 'public id of the event',
  record_type LowCardinality(String) COMMENT 'canonical noun',
  source_id String COMMENT 'id of the record at its source',
  value String COMMENT 'what was there, cut',
  reason LowCardinality(String) COMMENT 'why it was refused, in words',
  mapping_hash LowCardinality(String) COMMENT 'the mapping that refused it',
  mapping_version UInt32 COMMENT 'its version',
  received_at DateTime64(6, 'UTC') COMMENT 'when the event came in',
  generation UInt64 COMMENT 'the newest counts',
  resolved Bool COMMENT 'whether a later mapping could read it'
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (source, seq, field)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 2_canonical/030_mapping_versions.sql
CREATE TABLE IF NOT EXISTS mapping_versions (
  scope String COMMENT 'source:NAME or kind:NAME',
  record_type LowCardinality(String) COMMENT 'canonical noun',
  version UInt32 COMMENT 'counts from 1; shipped mappings are version 0 and stand in the package',
  text String COMMENT 'the document, empty where it was removed',
  author String COMMENT 'who applied it',
  applied_at DateTime64(6, 'UTC') COMMENT 'when'
)
ENGINE = MergeTree
ORDER BY (scope, record_type, version)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 2_canonical/040_applied_mappings.sql
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
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 2_canonical/050_fold_progress.sql
CREATE TABLE IF NOT EXISTS fold_progress (
  mark DateTime64(6, 'UTC') COMMENT 'batches loaded before this moment are folded',
  marked_at DateTime64(6, 'UTC') COMMENT 'when that was found'
)
ENGINE = MergeTree
ORDER BY mark
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 2_canonical/060_identity_decisions.sql
CREATE TABLE IF NOT EXISTS identity_decisions (
  decision_id String COMMENT 'id of the decision',
  noun LowCardinality(String) COMMENT 'canonical noun',
  action LowCardinality(String) COMMENT 'merge, unmerge, dismiss (not a duplicate) or undo',
  members Array(String) COMMENT 'canonical ids: the records merged, split off, or told apart',
  undoes String COMMENT 'the decision that an undo takes back, else empty',
  reason String COMMENT 'why, in words',
  actor String COMMENT 'who decided: a person, a program, or vendor:SOURCE',
  decided_at DateTime64(6, 'UTC') COMMENT 'when; of two decisions about a record the later counts'
)
ENGINE = MergeTree
ORDER BY (noun, decided_at, decision_id)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 2_canonical/070_identity_links.sql
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
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 2_canonical/080_identity_keys.sql
CREATE TABLE IF NOT EXISTS identity_keys (
  noun LowCardinality(String) COMMENT 'canonical noun',
  rule LowCardinality(String) COMMENT 'what the key is: domain, email, ...; with a ~ when it only suggests',
  key String COMMENT 'the normalised value',
  canonical_id String COMMENT 'the record'
)
ENGINE = ReplacingMergeTree
ORDER BY (noun, rule, key, canonical_id)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 2_canonical/090_identity_work.sql
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
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 2_canonical/100_identity_edges.sql
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
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 2_canonical/110_identity_applied.sql
CREATE TABLE IF NOT EXISTS identity_applied (
  decision_id String COMMENT 'the decision',
  applied_at DateTime64(6, 'UTC') COMMENT 'when the step was done'
)
ENGINE = MergeTree
ORDER BY decision_id
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 2_canonical/120_identity_suggestions.sql
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
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 2_canonical/130_survivorship.sql
CREATE TABLE IF NOT EXISTS survivorship (
  noun LowCardinality(String) COMMENT 'canonical noun',
  field LowCardinality(String) COMMENT 'the field, * for all that have no row of their own',
  sources Array(String) COMMENT 'sources, the most trusted first; those not named follow, the newest value first',
  author String COMMENT 'who set it',
  applied_at DateTime64(6, 'UTC') COMMENT 'when'
)
ENGINE = MergeTree
ORDER BY (noun, field, applied_at)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 2_canonical/140_quarantine_actions.sql
CREATE TABLE IF NOT EXISTS quarantine_actions (
  action_id String COMMENT 'id of the action',
  action LowCardinality(String) COMMENT 'replay, correct, ignore or undo',
  source LowCardinality(String) COMMENT 'source of the events',
  target String COMMENT 'what it was about: the filters of a group, or an event',
  undoes String COMMENT 'the action that an undo takes back, else empty',
  reason String COMMENT 'why, in words',
  actor String COMMENT 'who did it',
  done_at DateTime64(6, 'UTC') COMMENT 'when',
  before String COMMENT 'JSON: what was there before, such as the number of open entries',
  after String COMMENT 'JSON: what was there after'
)
ENGINE = MergeTree
ORDER BY (done_at, action_id)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 2_canonical/150_quarantine_marks.sql
CREATE TABLE IF NOT EXISTS quarantine_marks (
  source LowCardinality(String) COMMENT 'source of the event',
  seq UInt64 COMMENT 'the event',
  field LowCardinality(String) COMMENT 'the field, empty for the whole event',
  action_id String COMMENT 'the action that ignored it',
  ignored Bool COMMENT 'false once that was undone',
  version UInt64 COMMENT 'the newest counts'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (source, seq, field)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 2_canonical/160_event_corrections.sql
CREATE TABLE IF NOT EXISTS event_corrections (
  source LowCardinality(String) COMMENT 'source of both events',
  original UInt64 COMMENT 'the event that was corrected',
  corrected UInt64 COMMENT 'the event with the corrected copy',
  action_id String COMMENT 'the action that corrected it',
  active Bool COMMENT 'false once that was undone',
  version UInt64 COMMENT 'the newest counts'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (source, corrected)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 2_canonical/170_rebuilds.sql
CREATE TABLE IF NOT EXISTS rebuilds (
  rebuild_id String COMMENT 'the rebuild',
  scope String COMMENT 'what it rebuilds, as JSON',
  mappings String COMMENT 'fingerprint of the mappings that it reads by',
  state Enum8('running' = 1, 'done' = 2, 'left' = 3) COMMENT 'left: given up for a newer one',
  started_at DateTime64(6, 'UTC') COMMENT 'what arrived later is caught up with before the swap',
  updated_at DateTime64(6, 'UTC') COMMENT 'when this row was written'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY rebuild_id
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 2_canonical/180_rebuild_slices.sql
CREATE TABLE IF NOT EXISTS rebuild_slices (
  rebuild_id String COMMENT 'the rebuild',
  noun LowCardinality(String) COMMENT 'canonical noun',
  number UInt32 COMMENT 'place in the order',
  low String COMMENT 'lowest id at the source',
  high Nullable(String) COMMENT 'first id of the next slice; NULL in the last one',
  events UInt64 COMMENT 'about how many events it reads',
  done Bool COMMENT 'whether it is in the tables of the rebuild',
  at DateTime64(6, 'UTC') COMMENT 'when this row was written'
)
ENGINE = ReplacingMergeTree(at)
ORDER BY (rebuild_id, noun, number)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/account_changes
CREATE TABLE IF NOT EXISTS account_changes (
  source LowCardinality(String),
  source_id String,
  seq UInt64,
  record_type LowCardinality(String),
  ord UInt256,
  event_key FixedString(16),
  source_time DateTime64(3, 'UTC'),
  received_at DateTime64(6, 'UTC'),
  operation Enum8('full' = 1, 'patch' = 2, 'delete' = 3, 'undelete' = 4, 'merge' = 5),
  deleted_op UInt8,
  mapping_hash LowCardinality(String),
  mapping_version UInt32,
  batch_id String,
  generation UInt64,
  refused String,
  errors Array(Tuple(field String, value String, reason String)),
  merged_into String,
  name String COMMENT 'The name of the organisation.',
  name_op UInt8,
  domain String COMMENT 'Its main internet domain, without www.',
  domain_op UInt8,
  website String COMMENT 'Its address on the web, as the source has it.',
  website_op UInt8,
  industry String COMMENT 'The line of business, in the source\'s words.',
  industry_op UInt8,
  employees Int64 COMMENT 'How many people work there.',
  employees_op UInt8,
  segment String COMMENT 'The kind of customer it is, in the source\'s words.',
  segment_op UInt8,
  region String COMMENT 'The sales region or territory, in the source\'s words.',
  region_op UInt8,
  country String COMMENT 'The country, in the source\'s words.',
  country_op UInt8,
  city String COMMENT 'The city.',
  city_op UInt8,
  postcode String COMMENT 'The postal code.',
  postcode_op UInt8,
  street String COMMENT 'Street and number; several lines where the source has them.',
  street_op UInt8,
  tax_id String COMMENT 'The number under which it pays tax, as the source has it.',
  tax_id_op UInt8,
  phone String COMMENT 'The main telephone number, digits with a leading + where known.',
  phone_op UInt8,
  parent_ref String COMMENT 'The source\'s id of the organisation it belongs to.',
  parent_ref_op UInt8,
  owner_ref String COMMENT 'The source\'s id of the person who owns the record.',
  owner_ref_op UInt8,
  created_at DateTime64(3, 'UTC') COMMENT 'When the record was made in its source.',
  created_at_op UInt8
)
ENGINE = ReplacingMergeTree(generation)
PRIMARY KEY (source, source_id)
ORDER BY (source, source_id, seq)
SETTINGS index_granularity = 256, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/account_quarantine_feed
CREATE MATERIALIZED VIEW IF NOT EXISTS account_quarantine_feed TO quarantine AS
SELECT source, seq, error.1 AS field, concat('ev_', arrayStringConcat(arrayMap(shift -> substring('0123456789abcdefghjkmnpqrstvwxyz', 1 + bitAnd(bitShiftRight(seq, shift), 31), 1), [60, 55, 50, 45, 40, 35, 30, 25, 20, 15, 10, 5, 0]))) AS event_id, 'account' AS record_type, source_id,
  error.2 AS value, error.3 AS reason, mapping_hash, mapping_version, received_at, generation,
  false AS resolved
FROM account_changes
ARRAY JOIN errors AS error;

-- model/accounts
CREATE TABLE IF NOT EXISTS accounts (
  canonical_id String,
  source LowCardinality(String),
  source_id String,
  is_deleted Bool,
  version UInt64,
  ord UInt256,
  source_time DateTime64(3, 'UTC'),
  known_at DateTime64(6, 'UTC'),
  provenance Map(LowCardinality(String), UInt256),
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  events UInt64,
  superseded UInt64,
  repeats Map(UInt64, Tuple(batch_id String, record_type String)),
  merged_into String,
  name Nullable(String) COMMENT 'The name of the organisation.',
  domain Nullable(String) COMMENT 'Its main internet domain, without www.',
  website Nullable(String) COMMENT 'Its address on the web, as the source has it.',
  industry Nullable(String) COMMENT 'The line of business, in the source\'s words.',
  employees Nullable(Int64) COMMENT 'How many people work there.',
  segment Nullable(String) COMMENT 'The kind of customer it is, in the source\'s words.',
  region Nullable(String) COMMENT 'The sales region or territory, in the source\'s words.',
  country Nullable(String) COMMENT 'The country, in the source\'s words.',
  city Nullable(String) COMMENT 'The city.',
  postcode Nullable(String) COMMENT 'The postal code.',
  street Nullable(String) COMMENT 'Street and number; several lines where the source has them.',
  tax_id Nullable(String) COMMENT 'The number under which it pays tax, as the source has it.',
  phone Nullable(String) COMMENT 'The main telephone number, digits with a leading + where known.',
  parent_ref Nullable(String) COMMENT 'The source\'s id of the organisation it belongs to.',
  owner_ref Nullable(String) COMMENT 'The source\'s id of the person who owns the record.',
  created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the record was made in its source.'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY canonical_id
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/merged_accounts
CREATE TABLE IF NOT EXISTS merged_accounts (
  canonical_id String,
  source LowCardinality(String),
  source_id String,
  cluster_id String,
  is_survivor Bool,
  members Array(String),
  keys Array(Tuple(rule String, key String)),
  generation UInt64,
  is_deleted Bool,
  source_time DateTime64(3, 'UTC'),
  known_at DateTime64(6, 'UTC'),
  provenance Map(LowCardinality(String), UInt256),
  field_members Map(LowCardinality(String), String),
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  name Nullable(String) COMMENT 'The name of the organisation.',
  domain Nullable(String) COMMENT 'Its main internet domain, without www.',
  website Nullable(String) COMMENT 'Its address on the web, as the source has it.',
  industry Nullable(String) COMMENT 'The line of business, in the source\'s words.',
  employees Nullable(Int64) COMMENT 'How many people work there.',
  segment Nullable(String) COMMENT 'The kind of customer it is, in the source\'s words.',
  region Nullable(String) COMMENT 'The sales region or territory, in the source\'s words.',
  country Nullable(String) COMMENT 'The country, in the source\'s words.',
  city Nullable(String) COMMENT 'The city.',
  postcode Nullable(String) COMMENT 'The postal code.',
  street Nullable(String) COMMENT 'Street and number; several lines where the source has them.',
  tax_id Nullable(String) COMMENT 'The number under which it pays tax, as the source has it.',
  phone Nullable(String) COMMENT 'The main telephone number, digits with a leading + where known.',
  parent_ref Nullable(String) COMMENT 'The source\'s id of the organisation it belongs to.',
  owner_ref Nullable(String) COMMENT 'The source\'s id of the person who owns the record.',
  created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the record was made in its source.',
  parent_ref_source String COMMENT 'the source that parent_ref is an id of',
  owner_ref_source String COMMENT 'the source that owner_ref is an id of'
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY canonical_id
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/account_intervals
CREATE TABLE IF NOT EXISTS account_intervals (
  canonical_id String,
  seq UInt64,
  source LowCardinality(String),
  source_id String,
  valid_from DateTime64(3, 'UTC'),
  valid_to DateTime64(3, 'UTC'),
  is_deleted Bool,
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  name Nullable(String) COMMENT 'The name of the organisation.',
  domain Nullable(String) COMMENT 'Its main internet domain, without www.',
  website Nullable(String) COMMENT 'Its address on the web, as the source has it.',
  industry Nullable(String) COMMENT 'The line of business, in the source\'s words.',
  employees Nullable(Int64) COMMENT 'How many people work there.',
  segment Nullable(String) COMMENT 'The kind of customer it is, in the source\'s words.',
  region Nullable(String) COMMENT 'The sales region or territory, in the source\'s words.',
  country Nullable(String) COMMENT 'The country, in the source\'s words.',
  city Nullable(String) COMMENT 'The city.',
  postcode Nullable(String) COMMENT 'The postal code.',
  street Nullable(String) COMMENT 'Street and number; several lines where the source has them.',
  tax_id Nullable(String) COMMENT 'The number under which it pays tax, as the source has it.',
  phone Nullable(String) COMMENT 'The main telephone number, digits with a leading + where known.',
  parent_ref Nullable(String) COMMENT 'The source\'s id of the organisation it belongs to.',
  owner_ref Nullable(String) COMMENT 'The source\'s id of the person who owns the record.',
  created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the record was made in its source.',
  generation UInt64
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (canonical_id, seq)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/contact_changes
CREATE TABLE IF NOT EXISTS contact_changes (
  source LowCardinality(String),
  source_id String,
  seq UInt64,
  record_type LowCardinality(String),
  ord UInt256,
  event_key FixedString(16),
  source_time DateTime64(3, 'UTC'),
  received_at DateTime64(6, 'UTC'),
  operation Enum8('full' = 1, 'patch' = 2, 'delete' = 3, 'undelete' = 4, 'merge' = 5),
  deleted_op UInt8,
  mapping_hash LowCardinality(String),
  mapping_version UInt32,
  batch_id String,
  generation UInt64,
  refused String,
  errors Array(Tuple(field String, value String, reason String)),
  merged_into String,
  name String COMMENT 'The full name.',
  name_op UInt8,
  first_name String COMMENT 'The given name.',
  first_name_op UInt8,
  last_name String COMMENT 'The family name.',
  last_name_op UInt8,
  email String COMMENT 'The e-mail address, in lower case.',
  email_op UInt8,
  phone String COMMENT 'The telephone number, digits with a leading + where known.',
  phone_op UInt8,
  mobile String COMMENT 'The mobile number, digits with a leading + where known.',
  mobile_op UInt8,
  title String COMMENT 'What the person does there.',
  title_op UInt8,
  account_ref String COMMENT 'The source\'s id of the account.',
  account_ref_op UInt8,
  account_name String COMMENT 'The account\'s name as the source gives it with the record.',
  account_name_op UInt8,
  owner_ref String COMMENT 'The source\'s id of the person who owns the record.',
  owner_ref_op UInt8,
  created_at DateTime64(3, 'UTC') COMMENT 'When the record was made in its source.',
  created_at_op UInt8
)
ENGINE = ReplacingMergeTree(generation)
PRIMARY KEY (source, source_id)
ORDER BY (source, source_id, seq)
SETTINGS index_granularity = 256, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/contact_quarantine_feed
CREATE MATERIALIZED VIEW IF NOT EXISTS contact_quarantine_feed TO quarantine AS
SELECT source, seq, error.1 AS field, concat('ev_', arrayStringConcat(arrayMap(shift -> substring('0123456789abcdefghjkmnpqrstvwxyz', 1 + bitAnd(bitShiftRight(seq, shift), 31), 1), [60, 55, 50, 45, 40, 35, 30, 25, 20, 15, 10, 5, 0]))) AS event_id, 'contact' AS record_type, source_id,
  error.2 AS value, error.3 AS reason, mapping_hash, mapping_version, received_at, generation,
  false AS resolved
FROM contact_changes
ARRAY JOIN errors AS error;

-- model/contacts
CREATE TABLE IF NOT EXISTS contacts (
  canonical_id String,
  source LowCardinality(String),
  source_id String,
  is_deleted Bool,
  version UInt64,
  ord UInt256,
  source_time DateTime64(3, 'UTC'),
  known_at DateTime64(6, 'UTC'),
  provenance Map(LowCardinality(String), UInt256),
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  events UInt64,
  superseded UInt64,
  repeats Map(UInt64, Tuple(batch_id String, record_type String)),
  merged_into String,
  name Nullable(String) COMMENT 'The full name.',
  first_name Nullable(String) COMMENT 'The given name.',
  last_name Nullable(String) COMMENT 'The family name.',
  email Nullable(String) COMMENT 'The e-mail address, in lower case.',
  phone Nullable(String) COMMENT 'The telephone number, digits with a leading + where known.',
  mobile Nullable(String) COMMENT 'The mobile number, digits with a leading + where known.',
  title Nullable(String) COMMENT 'What the person does there.',
  account_ref Nullable(String) COMMENT 'The source\'s id of the account.',
  account_name Nullable(String) COMMENT 'The account\'s name as the source gives it with the record.',
  owner_ref Nullable(String) COMMENT 'The source\'s id of the person who owns the record.',
  created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the record was made in its source.'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY canonical_id
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/merged_contacts
CREATE TABLE IF NOT EXISTS merged_contacts (
  canonical_id String,
  source LowCardinality(String),
  source_id String,
  cluster_id String,
  is_survivor Bool,
  members Array(String),
  keys Array(Tuple(rule String, key String)),
  generation UInt64,
  is_deleted Bool,
  source_time DateTime64(3, 'UTC'),
  known_at DateTime64(6, 'UTC'),
  provenance Map(LowCardinality(String), UInt256),
  field_members Map(LowCardinality(String), String),
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  name Nullable(String) COMMENT 'The full name.',
  first_name Nullable(String) COMMENT 'The given name.',
  last_name Nullable(String) COMMENT 'The family name.',
  email Nullable(String) COMMENT 'The e-mail address, in lower case.',
  phone Nullable(String) COMMENT 'The telephone number, digits with a leading + where known.',
  mobile Nullable(String) COMMENT 'The mobile number, digits with a leading + where known.',
  title Nullable(String) COMMENT 'What the person does there.',
  account_ref Nullable(String) COMMENT 'The source\'s id of the account.',
  account_name Nullable(String) COMMENT 'The account\'s name as the source gives it with the record.',
  owner_ref Nullable(String) COMMENT 'The source\'s id of the person who owns the record.',
  created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the record was made in its source.',
  account_ref_source String COMMENT 'the source that account_ref is an id of',
  owner_ref_source String COMMENT 'the source that owner_ref is an id of'
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY canonical_id
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/contact_intervals
CREATE TABLE IF NOT EXISTS contact_intervals (
  canonical_id String,
  seq UInt64,
  source LowCardinality(String),
  source_id String,
  valid_from DateTime64(3, 'UTC'),
  valid_to DateTime64(3, 'UTC'),
  is_deleted Bool,
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  name Nullable(String) COMMENT 'The full name.',
  first_name Nullable(String) COMMENT 'The given name.',
  last_name Nullable(String) COMMENT 'The family name.',
  email Nullable(String) COMMENT 'The e-mail address, in lower case.',
  phone Nullable(String) COMMENT 'The telephone number, digits with a leading + where known.',
  mobile Nullable(String) COMMENT 'The mobile number, digits with a leading + where known.',
  title Nullable(String) COMMENT 'What the person does there.',
  account_ref Nullable(String) COMMENT 'The source\'s id of the account.',
  account_name Nullable(String) COMMENT 'The account\'s name as the source gives it with the record.',
  owner_ref Nullable(String) COMMENT 'The source\'s id of the person who owns the record.',
  created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the record was made in its source.',
  generation UInt64
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (canonical_id, seq)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/opportunity_changes
CREATE TABLE IF NOT EXISTS opportunity_changes (
  source LowCardinality(String),
  source_id String,
  seq UInt64,
  record_type LowCardinality(String),
  ord UInt256,
  event_key FixedString(16),
  source_time DateTime64(3, 'UTC'),
  received_at DateTime64(6, 'UTC'),
  operation Enum8('full' = 1, 'patch' = 2, 'delete' = 3, 'undelete' = 4, 'merge' = 5),
  deleted_op UInt8,
  mapping_hash LowCardinality(String),
  mapping_version UInt32,
  batch_id String,
  generation UInt64,
  refused String,
  errors Array(Tuple(field String, value String, reason String)),
  merged_into String,
  name String COMMENT 'What the deal is called.',
  name_op UInt8,
  account_ref String COMMENT 'The source\'s id of the account.',
  account_ref_op UInt8,
  account_name String COMMENT 'The account\'s name as the source gives it with the record.',
  account_name_op UInt8,
  owner_ref String COMMENT 'The source\'s id of the person who owns the record.',
  owner_ref_op UInt8,
  owner_name String COMMENT 'The owner\'s name as the source gives it with the deal.',
  owner_name_op UInt8,
  amount Decimal(18, 4) COMMENT 'What the deal is worth, in its own currency.',
  amount_op UInt8,
  currency String COMMENT 'The currency of the amount.',
  currency_op UInt8,
  stage String COMMENT 'The stage, by the vendor\'s own name.',
  stage_op UInt8,
  pipeline String COMMENT 'The sales process that the stage belongs to, by the vendor\'s own name.',
  pipeline_op UInt8,
  status String COMMENT 'Whether the deal is still open, or how it ended.',
  status_op UInt8,
  probability Decimal(18, 4) COMMENT 'How likely the deal is won, 0 to 1.',
  probability_op UInt8,
  forecast_category String COMMENT 'How sure its owner is of it: in the pipeline, best case, committed, left out of the forecast, or closed.',
  forecast_category_op UInt8,
  product String COMMENT 'What is sold.',
  product_op UInt8,
  type String COMMENT 'What sort of deal it is, such as new or renewal, in the source\'s words.',
  type_op UInt8,
  segment String COMMENT 'The kind of customer it is for, in the source\'s words.',
  segment_op UInt8,
  region String COMMENT 'The sales region or territory, in the source\'s words.',
  region_op UInt8,
  lead_source String COMMENT 'Where the deal came from, in the source\'s words.',
  lead_source_op UInt8,
  close_date Date32 COMMENT 'The day it was won or lost; while open, the day expected.',
  close_date_op UInt8,
  created_at DateTime64(3, 'UTC') COMMENT 'When the record was made in its source.',
  created_at_op UInt8,
  next_step String COMMENT 'What is to be done next, in the owner\'s words.',
  next_step_op UInt8,
  last_activity_at DateTime64(3, 'UTC') COMMENT 'When somebody last did something about it.',
  last_activity_at_op UInt8,
  lost_reason String COMMENT 'Why the deal was lost, in the source\'s words.',
  lost_reason_op UInt8
)
ENGINE = ReplacingMergeTree(generation)
PRIMARY KEY (source, source_id)
ORDER BY (source, source_id, seq)
SETTINGS index_granularity = 256, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/opportunity_quarantine_feed
CREATE MATERIALIZED VIEW IF NOT EXISTS opportunity_quarantine_feed TO quarantine AS
SELECT source, seq, error.1 AS field, concat('ev_', arrayStringConcat(arrayMap(shift -> substring('0123456789abcdefghjkmnpqrstvwxyz', 1 + bitAnd(bitShiftRight(seq, shift), 31), 1), [60, 55, 50, 45, 40, 35, 30, 25, 20, 15, 10, 5, 0]))) AS event_id, 'opportunity' AS record_type, source_id,
  error.2 AS value, error.3 AS reason, mapping_hash, mapping_version, received_at, generation,
  false AS resolved
FROM opportunity_changes
ARRAY JOIN errors AS error;

-- model/opportunities
CREATE TABLE IF NOT EXISTS opportunities (
  canonical_id String,
  source LowCardinality(String),
  source_id String,
  is_deleted Bool,
  version UInt64,
  ord UInt256,
  source_time DateTime64(3, 'UTC'),
  known_at DateTime64(6, 'UTC'),
  provenance Map(LowCardinality(String), UInt256),
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  events UInt64,
  superseded UInt64,
  repeats Map(UInt64, Tuple(batch_id String, record_type String)),
  merged_into String,
  name Nullable(String) COMMENT 'What the deal is called.',
  account_ref Nullable(String) COMMENT 'The source\'s id of the account.',
  account_name Nullable(String) COMMENT 'The account\'s name as the source gives it with the record.',
  owner_ref Nullable(String) COMMENT 'The source\'s id of the person who owns the record.',
  owner_name Nullable(String) COMMENT 'The owner\'s name as the source gives it with the deal.',
  amount Nullable(Decimal(18, 4)) COMMENT 'What the deal is worth, in its own currency.',
  currency Nullable(String) COMMENT 'The currency of the amount.',
  stage Nullable(String) COMMENT 'The stage, by the vendor\'s own name.',
  pipeline Nullable(String) COMMENT 'The sales process that the stage belongs to, by the vendor\'s own name.',
  status Nullable(String) COMMENT 'Whether the deal is still open, or how it ended.',
  probability Nullable(Decimal(18, 4)) COMMENT 'How likely the deal is won, 0 to 1.',
  forecast_category Nullable(String) COMMENT 'How sure its owner is of it: in the pipeline, best case, committed, left out of the forecast, or closed.',
  product Nullable(String) COMMENT 'What is sold.',
  type Nullable(String) COMMENT 'What sort of deal it is, such as new or renewal, in the source\'s words.',
  segment Nullable(String) COMMENT 'The kind of customer it is for, in the source\'s words.',
  region Nullable(String) COMMENT 'The sales region or territory, in the source\'s words.',
  lead_source Nullable(String) COMMENT 'Where the deal came from, in the source\'s words.',
  close_date Nullable(Date32) COMMENT 'The day it was won or lost; while open, the day expected.',
  created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the record was made in its source.',
  next_step Nullable(String) COMMENT 'What is to be done next, in the owner\'s words.',
  last_activity_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When somebody last did something about it.',
  lost_reason Nullable(String) COMMENT 'Why the deal was lost, in the source\'s words.'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY canonical_id
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/opportunity_intervals
CREATE TABLE IF NOT EXISTS opportunity_intervals (
  canonical_id String,
  seq UInt64,
  source LowCardinality(String),
  source_id String,
  valid_from DateTime64(3, 'UTC'),
  valid_to DateTime64(3, 'UTC'),
  is_deleted Bool,
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  name Nullable(String) COMMENT 'What the deal is called.',
  account_ref Nullable(String) COMMENT 'The source\'s id of the account.',
  account_name Nullable(String) COMMENT 'The account\'s name as the source gives it with the record.',
  owner_ref Nullable(String) COMMENT 'The source\'s id of the person who owns the record.',
  owner_name Nullable(String) COMMENT 'The owner\'s name as the source gives it with the deal.',
  amount Nullable(Decimal(18, 4)) COMMENT 'What the deal is worth, in its own currency.',
  currency LowCardinality(Nullable(String)) COMMENT 'The currency of the amount.',
  stage Nullable(String) COMMENT 'The stage, by the vendor\'s own name.',
  pipeline Nullable(String) COMMENT 'The sales process that the stage belongs to, by the vendor\'s own name.',
  status LowCardinality(Nullable(String)) COMMENT 'Whether the deal is still open, or how it ended.',
  probability Nullable(Decimal(18, 4)) COMMENT 'How likely the deal is won, 0 to 1.',
  forecast_category LowCardinality(Nullable(String)) COMMENT 'How sure its owner is of it: in the pipeline, best case, committed, left out of the forecast, or closed.',
  product Nullable(String) COMMENT 'What is sold.',
  type Nullable(String) COMMENT 'What sort of deal it is, such as new or renewal, in the source\'s words.',
  segment Nullable(String) COMMENT 'The kind of customer it is for, in the source\'s words.',
  region Nullable(String) COMMENT 'The sales region or territory, in the source\'s words.',
  lead_source Nullable(String) COMMENT 'Where the deal came from, in the source\'s words.',
  close_date Nullable(Date32) COMMENT 'The day it was won or lost; while open, the day expected.',
  created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the record was made in its source.',
  next_step Nullable(String) COMMENT 'What is to be done next, in the owner\'s words.',
  last_activity_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When somebody last did something about it.',
  lost_reason Nullable(String) COMMENT 'Why the deal was lost, in the source\'s words.',
  stage_since Nullable(DateTime64(3, 'UTC')),
  first_due Nullable(Date32),
  generation UInt64
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (canonical_id, seq)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/opportunity_latest
CREATE TABLE IF NOT EXISTS opportunity_latest (
  canonical_id String,
  seq UInt64,
  source LowCardinality(String),
  source_id String,
  valid_from DateTime64(3, 'UTC'),
  valid_to DateTime64(3, 'UTC'),
  is_deleted Bool,
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  name Nullable(String) COMMENT 'What the deal is called.',
  account_ref Nullable(String) COMMENT 'The source\'s id of the account.',
  account_name Nullable(String) COMMENT 'The account\'s name as the source gives it with the record.',
  owner_ref Nullable(String) COMMENT 'The source\'s id of the person who owns the record.',
  owner_name Nullable(String) COMMENT 'The owner\'s name as the source gives it with the deal.',
  amount Nullable(Decimal(18, 4)) COMMENT 'What the deal is worth, in its own currency.',
  currency LowCardinality(Nullable(String)) COMMENT 'The currency of the amount.',
  stage Nullable(String) COMMENT 'The stage, by the vendor\'s own name.',
  pipeline Nullable(String) COMMENT 'The sales process that the stage belongs to, by the vendor\'s own name.',
  status LowCardinality(Nullable(String)) COMMENT 'Whether the deal is still open, or how it ended.',
  probability Nullable(Decimal(18, 4)) COMMENT 'How likely the deal is won, 0 to 1.',
  forecast_category LowCardinality(Nullable(String)) COMMENT 'How sure its owner is of it: in the pipeline, best case, committed, left out of the forecast, or closed.',
  product Nullable(String) COMMENT 'What is sold.',
  type Nullable(String) COMMENT 'What sort of deal it is, such as new or renewal, in the source\'s words.',
  segment Nullable(String) COMMENT 'The kind of customer it is for, in the source\'s words.',
  region Nullable(String) COMMENT 'The sales region or territory, in the source\'s words.',
  lead_source Nullable(String) COMMENT 'Where the deal came from, in the source\'s words.',
  close_date Nullable(Date32) COMMENT 'The day it was won or lost; while open, the day expected.',
  created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the record was made in its source.',
  next_step Nullable(String) COMMENT 'What is to be done next, in the owner\'s words.',
  last_activity_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When somebody last did something about it.',
  lost_reason Nullable(String) COMMENT 'Why the deal was lost, in the source\'s words.',
  stage_since Nullable(DateTime64(3, 'UTC')),
  first_due Nullable(Date32),
  generation UInt64,
  visits Array(Tuple(stage LowCardinality(String), status LowCardinality(String), probability Nullable(Decimal(18, 4)), entered_at DateTime64(3, 'UTC'))),
  stays Array(Tuple(stage LowCardinality(String), entered_at DateTime64(3, 'UTC'), probability Nullable(Decimal(18, 4)), seconds Int64, since Nullable(DateTime64(3, 'UTC')), likelier Bool))
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY canonical_id
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/activity_changes
CREATE TABLE IF NOT EXISTS activity_changes (
  source LowCardinality(String),
  source_id String,
  seq UInt64,
  record_type LowCardinality(String),
  ord UInt256,
  event_key FixedString(16),
  source_time DateTime64(3, 'UTC'),
  received_at DateTime64(6, 'UTC'),
  operation Enum8('full' = 1, 'patch' = 2, 'delete' = 3, 'undelete' = 4, 'merge' = 5),
  deleted_op UInt8,
  mapping_hash LowCardinality(String),
  mapping_version UInt32,
  batch_id String,
  generation UInt64,
  refused String,
  errors Array(Tuple(field String, value String, reason String)),
  merged_into String,
  subject String COMMENT 'What it is about.',
  subject_op UInt8,
  type String COMMENT 'What sort of activity it is.',
  type_op UInt8,
  vendor_type String COMMENT 'The sort of activity, by the vendor\'s own name.',
  vendor_type_op UInt8,
  account_ref String COMMENT 'The source\'s id of the account.',
  account_ref_op UInt8,
  contact_ref String COMMENT 'The source\'s id of the contact.',
  contact_ref_op UInt8,
  opportunity_ref String COMMENT 'The source\'s id of the opportunity.',
  opportunity_ref_op UInt8,
  owner_ref String COMMENT 'The source\'s id of the person who owns the record.',
  owner_ref_op UInt8,
  due_at DateTime64(3, 'UTC') COMMENT 'When it is to be done, or begins; a day alone is its midnight.',
  due_at_op UInt8,
  done_at DateTime64(3, 'UTC') COMMENT 'When it was done.',
  done_at_op UInt8,
  done Bool COMMENT 'Whether it is done.',
  done_op UInt8,
  created_at DateTime64(3, 'UTC') COMMENT 'When the record was made in its source.',
  created_at_op UInt8
)
ENGINE = ReplacingMergeTree(generation)
PRIMARY KEY (source, source_id)
ORDER BY (source, source_id, seq)
SETTINGS index_granularity = 256, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/activity_quarantine_feed
CREATE MATERIALIZED VIEW IF NOT EXISTS activity_quarantine_feed TO quarantine AS
SELECT source, seq, error.1 AS field, concat('ev_', arrayStringConcat(arrayMap(shift -> substring('0123456789abcdefghjkmnpqrstvwxyz', 1 + bitAnd(bitShiftRight(seq, shift), 31), 1), [60, 55, 50, 45, 40, 35, 30, 25, 20, 15, 10, 5, 0]))) AS event_id, 'activity' AS record_type, source_id,
  error.2 AS value, error.3 AS reason, mapping_hash, mapping_version, received_at, generation,
  false AS resolved
FROM activity_changes
ARRAY JOIN errors AS error;

-- model/activities
CREATE TABLE IF NOT EXISTS activities (
  canonical_id String,
  source LowCardinality(String),
  source_id String,
  is_deleted Bool,
  version UInt64,
  ord UInt256,
  source_time DateTime64(3, 'UTC'),
  known_at DateTime64(6, 'UTC'),
  provenance Map(LowCardinality(String), UInt256),
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  events UInt64,
  superseded UInt64,
  repeats Map(UInt64, Tuple(batch_id String, record_type String)),
  merged_into String,
  subject Nullable(String) COMMENT 'What it is about.',
  type Nullable(String) COMMENT 'What sort of activity it is.',
  vendor_type Nullable(String) COMMENT 'The sort of activity, by the vendor\'s own name.',
  account_ref Nullable(String) COMMENT 'The source\'s id of the account.',
  contact_ref Nullable(String) COMMENT 'The source\'s id of the contact.',
  opportunity_ref Nullable(String) COMMENT 'The source\'s id of the opportunity.',
  owner_ref Nullable(String) COMMENT 'The source\'s id of the person who owns the record.',
  due_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it is to be done, or begins; a day alone is its midnight.',
  done_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was done.',
  done Nullable(Bool) COMMENT 'Whether it is done.',
  created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the record was made in its source.'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY canonical_id
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/activity_intervals
CREATE TABLE IF NOT EXISTS activity_intervals (
  canonical_id String,
  seq UInt64,
  source LowCardinality(String),
  source_id String,
  valid_from DateTime64(3, 'UTC'),
  valid_to DateTime64(3, 'UTC'),
  is_deleted Bool,
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  subject Nullable(String) COMMENT 'What it is about.',
  type LowCardinality(Nullable(String)) COMMENT 'What sort of activity it is.',
  vendor_type Nullable(String) COMMENT 'The sort of activity, by the vendor\'s own name.',
  account_ref Nullable(String) COMMENT 'The source\'s id of the account.',
  contact_ref Nullable(String) COMMENT 'The source\'s id of the contact.',
  opportunity_ref Nullable(String) COMMENT 'The source\'s id of the opportunity.',
  owner_ref Nullable(String) COMMENT 'The source\'s id of the person who owns the record.',
  due_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it is to be done, or begins; a day alone is its midnight.',
  done_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was done.',
  done Nullable(Bool) COMMENT 'Whether it is done.',
  created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the record was made in its source.',
  generation UInt64
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (canonical_id, seq)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/product_changes
CREATE TABLE IF NOT EXISTS product_changes (
  source LowCardinality(String),
  source_id String,
  seq UInt64,
  record_type LowCardinality(String),
  ord UInt256,
  event_key FixedString(16),
  source_time DateTime64(3, 'UTC'),
  received_at DateTime64(6, 'UTC'),
  operation Enum8('full' = 1, 'patch' = 2, 'delete' = 3, 'undelete' = 4, 'merge' = 5),
  deleted_op UInt8,
  mapping_hash LowCardinality(String),
  mapping_version UInt32,
  batch_id String,
  generation UInt64,
  refused String,
  errors Array(Tuple(field String, value String, reason String)),
  merged_into String,
  name String COMMENT 'What it is called.',
  name_op UInt8,
  code String COMMENT 'The seller\'s own number of it.',
  code_op UInt8,
  family String COMMENT 'The group of products that it belongs to, in the source\'s words.',
  family_op UInt8,
  price Decimal(18, 4) COMMENT 'What one costs by the list.',
  price_op UInt8,
  currency String COMMENT 'The currency of the price.',
  currency_op UInt8,
  active Bool COMMENT 'Whether it is still sold.',
  active_op UInt8,
  created_at DateTime64(3, 'UTC') COMMENT 'When the record was made in its source.',
  created_at_op UInt8
)
ENGINE = ReplacingMergeTree(generation)
PRIMARY KEY (source, source_id)
ORDER BY (source, source_id, seq)
SETTINGS index_granularity = 256, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/product_quarantine_feed
CREATE MATERIALIZED VIEW IF NOT EXISTS product_quarantine_feed TO quarantine AS
SELECT source, seq, error.1 AS field, concat('ev_', arrayStringConcat(arrayMap(shift -> substring('0123456789abcdefghjkmnpqrstvwxyz', 1 + bitAnd(bitShiftRight(seq, shift), 31), 1), [60, 55, 50, 45, 40, 35, 30, 25, 20, 15, 10, 5, 0]))) AS event_id, 'product' AS record_type, source_id,
  error.2 AS value, error.3 AS reason, mapping_hash, mapping_version, received_at, generation,
  false AS resolved
FROM product_changes
ARRAY JOIN errors AS error;

-- model/products
CREATE TABLE IF NOT EXISTS products (
  canonical_id String,
  source LowCardinality(String),
  source_id String,
  is_deleted Bool,
  version UInt64,
  ord UInt256,
  source_time DateTime64(3, 'UTC'),
  known_at DateTime64(6, 'UTC'),
  provenance Map(LowCardinality(String), UInt256),
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  events UInt64,
  superseded UInt64,
  repeats Map(UInt64, Tuple(batch_id String, record_type String)),
  merged_into String,
  name Nullable(String) COMMENT 'What it is called.',
  code Nullable(String) COMMENT 'The seller\'s own number of it.',
  family Nullable(String) COMMENT 'The group of products that it belongs to, in the source\'s words.',
  price Nullable(Decimal(18, 4)) COMMENT 'What one costs by the list.',
  currency Nullable(String) COMMENT 'The currency of the price.',
  active Nullable(Bool) COMMENT 'Whether it is still sold.',
  created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the record was made in its source.'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY canonical_id
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/product_intervals
CREATE TABLE IF NOT EXISTS product_intervals (
  canonical_id String,
  seq UInt64,
  source LowCardinality(String),
  source_id String,
  valid_from DateTime64(3, 'UTC'),
  valid_to DateTime64(3, 'UTC'),
  is_deleted Bool,
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  name Nullable(String) COMMENT 'What it is called.',
  code Nullable(String) COMMENT 'The seller\'s own number of it.',
  family Nullable(String) COMMENT 'The group of products that it belongs to, in the source\'s words.',
  price Nullable(Decimal(18, 4)) COMMENT 'What one costs by the list.',
  currency LowCardinality(Nullable(String)) COMMENT 'The currency of the price.',
  active Nullable(Bool) COMMENT 'Whether it is still sold.',
  created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the record was made in its source.',
  generation UInt64
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (canonical_id, seq)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/order_changes
CREATE TABLE IF NOT EXISTS order_changes (
  source LowCardinality(String),
  source_id String,
  seq UInt64,
  record_type LowCardinality(String),
  ord UInt256,
  event_key FixedString(16),
  source_time DateTime64(3, 'UTC'),
  received_at DateTime64(6, 'UTC'),
  operation Enum8('full' = 1, 'patch' = 2, 'delete' = 3, 'undelete' = 4, 'merge' = 5),
  deleted_op UInt8,
  mapping_hash LowCardinality(String),
  mapping_version UInt32,
  batch_id String,
  generation UInt64,
  refused String,
  errors Array(Tuple(field String, value String, reason String)),
  merged_into String,
  number String COMMENT 'The number of the order.',
  number_op UInt8,
  account_ref String COMMENT 'The source\'s id of the account.',
  account_ref_op UInt8,
  account_name String COMMENT 'The account\'s name as the source gives it with the record.',
  account_name_op UInt8,
  opportunity_ref String COMMENT 'The source\'s id of the opportunity.',
  opportunity_ref_op UInt8,
  owner_ref String COMMENT 'The source\'s id of the person who owns the record.',
  owner_ref_op UInt8,
  amount Decimal(18, 4) COMMENT 'What the order is worth, in its own currency.',
  amount_op UInt8,
  currency String COMMENT 'The currency of the amount.',
  currency_op UInt8,
  status String COMMENT 'Whether the order is still a draft or offer, stands, is done or was cancelled.',
  status_op UInt8,
  vendor_status String COMMENT 'The state by the vendor\'s own name.',
  vendor_status_op UInt8,
  ordered_at DateTime64(3, 'UTC') COMMENT 'When it was ordered.',
  ordered_at_op UInt8,
  created_at DateTime64(3, 'UTC') COMMENT 'When the record was made in its source.',
  created_at_op UInt8
)
ENGINE = ReplacingMergeTree(generation)
PRIMARY KEY (source, source_id)
ORDER BY (source, source_id, seq)
SETTINGS index_granularity = 256, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/order_quarantine_feed
CREATE MATERIALIZED VIEW IF NOT EXISTS order_quarantine_feed TO quarantine AS
SELECT source, seq, error.1 AS field, concat('ev_', arrayStringConcat(arrayMap(shift -> substring('0123456789abcdefghjkmnpqrstvwxyz', 1 + bitAnd(bitShiftRight(seq, shift), 31), 1), [60, 55, 50, 45, 40, 35, 30, 25, 20, 15, 10, 5, 0]))) AS event_id, 'order' AS record_type, source_id,
  error.2 AS value, error.3 AS reason, mapping_hash, mapping_version, received_at, generation,
  false AS resolved
FROM order_changes
ARRAY JOIN errors AS error;

-- model/orders
CREATE TABLE IF NOT EXISTS orders (
  canonical_id String,
  source LowCardinality(String),
  source_id String,
  is_deleted Bool,
  version UInt64,
  ord UInt256,
  source_time DateTime64(3, 'UTC'),
  known_at DateTime64(6, 'UTC'),
  provenance Map(LowCardinality(String), UInt256),
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  events UInt64,
  superseded UInt64,
  repeats Map(UInt64, Tuple(batch_id String, record_type String)),
  merged_into String,
  number Nullable(String) COMMENT 'The number of the order.',
  account_ref Nullable(String) COMMENT 'The source\'s id of the account.',
  account_name Nullable(String) COMMENT 'The account\'s name as the source gives it with the record.',
  opportunity_ref Nullable(String) COMMENT 'The source\'s id of the opportunity.',
  owner_ref Nullable(String) COMMENT 'The source\'s id of the person who owns the record.',
  amount Nullable(Decimal(18, 4)) COMMENT 'What the order is worth, in its own currency.',
  currency Nullable(String) COMMENT 'The currency of the amount.',
  status Nullable(String) COMMENT 'Whether the order is still a draft or offer, stands, is done or was cancelled.',
  vendor_status Nullable(String) COMMENT 'The state by the vendor\'s own name.',
  ordered_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was ordered.',
  created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the record was made in its source.'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY canonical_id
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/order_intervals
CREATE TABLE IF NOT EXISTS order_intervals (
  canonical_id String,
  seq UInt64,
  source LowCardinality(String),
  source_id String,
  valid_from DateTime64(3, 'UTC'),
  valid_to DateTime64(3, 'UTC'),
  is_deleted Bool,
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  number Nullable(String) COMMENT 'The number of the order.',
  account_ref Nullable(String) COMMENT 'The source\'s id of the account.',
  account_name Nullable(String) COMMENT 'The account\'s name as the source gives it with the record.',
  opportunity_ref Nullable(String) COMMENT 'The source\'s id of the opportunity.',
  owner_ref Nullable(String) COMMENT 'The source\'s id of the person who owns the record.',
  amount Nullable(Decimal(18, 4)) COMMENT 'What the order is worth, in its own currency.',
  currency LowCardinality(Nullable(String)) COMMENT 'The currency of the amount.',
  status LowCardinality(Nullable(String)) COMMENT 'Whether the order is still a draft or offer, stands, is done or was cancelled.',
  vendor_status Nullable(String) COMMENT 'The state by the vendor\'s own name.',
  ordered_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was ordered.',
  created_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the record was made in its source.',
  generation UInt64
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (canonical_id, seq)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/invoice_changes
CREATE TABLE IF NOT EXISTS invoice_changes (
  source LowCardinality(String),
  source_id String,
  seq UInt64,
  record_type LowCardinality(String),
  ord UInt256,
  event_key FixedString(16),
  source_time DateTime64(3, 'UTC'),
  received_at DateTime64(6, 'UTC'),
  operation Enum8('full' = 1, 'patch' = 2, 'delete' = 3, 'undelete' = 4, 'merge' = 5),
  deleted_op UInt8,
  mapping_hash LowCardinality(String),
  mapping_version UInt32,
  batch_id String,
  generation UInt64,
  refused String,
  errors Array(Tuple(field String, value String, reason String)),
  merged_into String,
  number String COMMENT 'The number printed on the invoice.',
  number_op UInt8,
  account_ref String COMMENT 'The source\'s id of the account.',
  account_ref_op UInt8,
  customer_email String COMMENT 'Where the invoice was sent.',
  customer_email_op UInt8,
  status String COMMENT 'Whether the invoice is still to be sent, to be paid, paid, withdrawn or given up.',
  status_op UInt8,
  vendor_status String COMMENT 'The state by the vendor\'s own name.',
  vendor_status_op UInt8,
  amount_due Decimal(18, 4) COMMENT 'What is to be paid.',
  amount_due_op UInt8,
  amount_paid Decimal(18, 4) COMMENT 'What has been paid.',
  amount_paid_op UInt8,
  currency String COMMENT 'The currency of the amounts.',
  currency_op UInt8,
  issued_at DateTime64(3, 'UTC') COMMENT 'When the invoice was issued.',
  issued_at_op UInt8,
  due_date Date32 COMMENT 'The day by which it is to be paid.',
  due_date_op UInt8,
  paid_at DateTime64(3, 'UTC') COMMENT 'When it was paid in full.',
  paid_at_op UInt8,
  voided_at DateTime64(3, 'UTC') COMMENT 'When it was withdrawn.',
  voided_at_op UInt8
)
ENGINE = ReplacingMergeTree(generation)
PRIMARY KEY (source, source_id)
ORDER BY (source, source_id, seq)
SETTINGS index_granularity = 256, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/invoice_quarantine_feed
CREATE MATERIALIZED VIEW IF NOT EXISTS invoice_quarantine_feed TO quarantine AS
SELECT source, seq, error.1 AS field, concat('ev_', arrayStringConcat(arrayMap(shift -> substring('0123456789abcdefghjkmnpqrstvwxyz', 1 + bitAnd(bitShiftRight(seq, shift), 31), 1), [60, 55, 50, 45, 40, 35, 30, 25, 20, 15, 10, 5, 0]))) AS event_id, 'invoice' AS record_type, source_id,
  error.2 AS value, error.3 AS reason, mapping_hash, mapping_version, received_at, generation,
  false AS resolved
FROM invoice_changes
ARRAY JOIN errors AS error;

-- model/invoices
CREATE TABLE IF NOT EXISTS invoices (
  canonical_id String,
  source LowCardinality(String),
  source_id String,
  is_deleted Bool,
  version UInt64,
  ord UInt256,
  source_time DateTime64(3, 'UTC'),
  known_at DateTime64(6, 'UTC'),
  provenance Map(LowCardinality(String), UInt256),
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  events UInt64,
  superseded UInt64,
  repeats Map(UInt64, Tuple(batch_id String, record_type String)),
  merged_into String,
  number Nullable(String) COMMENT 'The number printed on the invoice.',
  account_ref Nullable(String) COMMENT 'The source\'s id of the account.',
  customer_email Nullable(String) COMMENT 'Where the invoice was sent.',
  status Nullable(String) COMMENT 'Whether the invoice is still to be sent, to be paid, paid, withdrawn or given up.',
  vendor_status Nullable(String) COMMENT 'The state by the vendor\'s own name.',
  amount_due Nullable(Decimal(18, 4)) COMMENT 'What is to be paid.',
  amount_paid Nullable(Decimal(18, 4)) COMMENT 'What has been paid.',
  currency Nullable(String) COMMENT 'The currency of the amounts.',
  issued_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the invoice was issued.',
  due_date Nullable(Date32) COMMENT 'The day by which it is to be paid.',
  paid_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was paid in full.',
  voided_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was withdrawn.'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY canonical_id
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/invoice_intervals
CREATE TABLE IF NOT EXISTS invoice_intervals (
  canonical_id String,
  seq UInt64,
  source LowCardinality(String),
  source_id String,
  valid_from DateTime64(3, 'UTC'),
  valid_to DateTime64(3, 'UTC'),
  is_deleted Bool,
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  number Nullable(String) COMMENT 'The number printed on the invoice.',
  account_ref Nullable(String) COMMENT 'The source\'s id of the account.',
  customer_email Nullable(String) COMMENT 'Where the invoice was sent.',
  status LowCardinality(Nullable(String)) COMMENT 'Whether the invoice is still to be sent, to be paid, paid, withdrawn or given up.',
  vendor_status Nullable(String) COMMENT 'The state by the vendor\'s own name.',
  amount_due Nullable(Decimal(18, 4)) COMMENT 'What is to be paid.',
  amount_paid Nullable(Decimal(18, 4)) COMMENT 'What has been paid.',
  currency LowCardinality(Nullable(String)) COMMENT 'The currency of the amounts.',
  issued_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When the invoice was issued.',
  due_date Nullable(Date32) COMMENT 'The day by which it is to be paid.',
  paid_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was paid in full.',
  voided_at Nullable(DateTime64(3, 'UTC')) COMMENT 'When it was withdrawn.',
  generation UInt64
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (canonical_id, seq)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/owner_changes
CREATE TABLE IF NOT EXISTS owner_changes (
  source LowCardinality(String),
  source_id String,
  seq UInt64,
  record_type LowCardinality(String),
  ord UInt256,
  event_key FixedString(16),
  source_time DateTime64(3, 'UTC'),
  received_at DateTime64(6, 'UTC'),
  operation Enum8('full' = 1, 'patch' = 2, 'delete' = 3, 'undelete' = 4, 'merge' = 5),
  deleted_op UInt8,
  mapping_hash LowCardinality(String),
  mapping_version UInt32,
  batch_id String,
  generation UInt64,
  refused String,
  errors Array(Tuple(field String, value String, reason String)),
  merged_into String,
  name String COMMENT 'The full name.',
  name_op UInt8,
  email String COMMENT 'The e-mail address, in lower case.',
  email_op UInt8,
  team String COMMENT 'The team the person sells in.',
  team_op UInt8,
  manager_ref String COMMENT 'The source\'s id of the person\'s manager.',
  manager_ref_op UInt8,
  active Bool COMMENT 'Whether the person still works in the source.',
  active_op UInt8
)
ENGINE = ReplacingMergeTree(generation)
PRIMARY KEY (source, source_id)
ORDER BY (source, source_id, seq)
SETTINGS index_granularity = 256, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/owner_quarantine_feed
CREATE MATERIALIZED VIEW IF NOT EXISTS owner_quarantine_feed TO quarantine AS
SELECT source, seq, error.1 AS field, concat('ev_', arrayStringConcat(arrayMap(shift -> substring('0123456789abcdefghjkmnpqrstvwxyz', 1 + bitAnd(bitShiftRight(seq, shift), 31), 1), [60, 55, 50, 45, 40, 35, 30, 25, 20, 15, 10, 5, 0]))) AS event_id, 'owner' AS record_type, source_id,
  error.2 AS value, error.3 AS reason, mapping_hash, mapping_version, received_at, generation,
  false AS resolved
FROM owner_changes
ARRAY JOIN errors AS error;

-- model/owners
CREATE TABLE IF NOT EXISTS owners (
  canonical_id String,
  source LowCardinality(String),
  source_id String,
  is_deleted Bool,
  version UInt64,
  ord UInt256,
  source_time DateTime64(3, 'UTC'),
  known_at DateTime64(6, 'UTC'),
  provenance Map(LowCardinality(String), UInt256),
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  events UInt64,
  superseded UInt64,
  repeats Map(UInt64, Tuple(batch_id String, record_type String)),
  merged_into String,
  name Nullable(String) COMMENT 'The full name.',
  email Nullable(String) COMMENT 'The e-mail address, in lower case.',
  team Nullable(String) COMMENT 'The team the person sells in.',
  manager_ref Nullable(String) COMMENT 'The source\'s id of the person\'s manager.',
  active Nullable(Bool) COMMENT 'Whether the person still works in the source.'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY canonical_id
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/owner_intervals
CREATE TABLE IF NOT EXISTS owner_intervals (
  canonical_id String,
  seq UInt64,
  source LowCardinality(String),
  source_id String,
  valid_from DateTime64(3, 'UTC'),
  valid_to DateTime64(3, 'UTC'),
  is_deleted Bool,
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  name Nullable(String) COMMENT 'The full name.',
  email Nullable(String) COMMENT 'The e-mail address, in lower case.',
  team Nullable(String) COMMENT 'The team the person sells in.',
  manager_ref Nullable(String) COMMENT 'The source\'s id of the person\'s manager.',
  active Nullable(Bool) COMMENT 'Whether the person still works in the source.',
  generation UInt64
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (canonical_id, seq)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/quota_changes
CREATE TABLE IF NOT EXISTS quota_changes (
  source LowCardinality(String),
  source_id String,
  seq UInt64,
  record_type LowCardinality(String),
  ord UInt256,
  event_key FixedString(16),
  source_time DateTime64(3, 'UTC'),
  received_at DateTime64(6, 'UTC'),
  operation Enum8('full' = 1, 'patch' = 2, 'delete' = 3, 'undelete' = 4, 'merge' = 5),
  deleted_op UInt8,
  mapping_hash LowCardinality(String),
  mapping_version UInt32,
  batch_id String,
  generation UInt64,
  refused String,
  errors Array(Tuple(field String, value String, reason String)),
  merged_into String,
  owner_ref String COMMENT 'The source\'s id of the person who owns the record.',
  owner_ref_op UInt8,
  team String COMMENT 'The team, when the quota is a team\'s.',
  team_op UInt8,
  period_start Date32 COMMENT 'The first day of the period.',
  period_start_op UInt8,
  period_end Date32 COMMENT 'The last day of the period.',
  period_end_op UInt8,
  amount Decimal(18, 4) COMMENT 'What is to be sold, in its own currency.',
  amount_op UInt8,
  currency String COMMENT 'The currency of the amount.',
  currency_op UInt8
)
ENGINE = ReplacingMergeTree(generation)
PRIMARY KEY (source, source_id)
ORDER BY (source, source_id, seq)
SETTINGS index_granularity = 256, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/quota_quarantine_feed
CREATE MATERIALIZED VIEW IF NOT EXISTS quota_quarantine_feed TO quarantine AS
SELECT source, seq, error.1 AS field, concat('ev_', arrayStringConcat(arrayMap(shift -> substring('0123456789abcdefghjkmnpqrstvwxyz', 1 + bitAnd(bitShiftRight(seq, shift), 31), 1), [60, 55, 50, 45, 40, 35, 30, 25, 20, 15, 10, 5, 0]))) AS event_id, 'quota' AS record_type, source_id,
  error.2 AS value, error.3 AS reason, mapping_hash, mapping_version, received_at, generation,
  false AS resolved
FROM quota_changes
ARRAY JOIN errors AS error;

-- model/quotas
CREATE TABLE IF NOT EXISTS quotas (
  canonical_id String,
  source LowCardinality(String),
  source_id String,
  is_deleted Bool,
  version UInt64,
  ord UInt256,
  source_time DateTime64(3, 'UTC'),
  known_at DateTime64(6, 'UTC'),
  provenance Map(LowCardinality(String), UInt256),
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  events UInt64,
  superseded UInt64,
  repeats Map(UInt64, Tuple(batch_id String, record_type String)),
  merged_into String,
  owner_ref Nullable(String) COMMENT 'The source\'s id of the person who owns the record.',
  team Nullable(String) COMMENT 'The team, when the quota is a team\'s.',
  period_start Nullable(Date32) COMMENT 'The first day of the period.',
  period_end Nullable(Date32) COMMENT 'The last day of the period.',
  amount Nullable(Decimal(18, 4)) COMMENT 'What is to be sold, in its own currency.',
  currency Nullable(String) COMMENT 'The currency of the amount.'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY canonical_id
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/quota_intervals
CREATE TABLE IF NOT EXISTS quota_intervals (
  canonical_id String,
  seq UInt64,
  source LowCardinality(String),
  source_id String,
  valid_from DateTime64(3, 'UTC'),
  valid_to DateTime64(3, 'UTC'),
  is_deleted Bool,
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  owner_ref Nullable(String) COMMENT 'The source\'s id of the person who owns the record.',
  team Nullable(String) COMMENT 'The team, when the quota is a team\'s.',
  period_start Nullable(Date32) COMMENT 'The first day of the period.',
  period_end Nullable(Date32) COMMENT 'The last day of the period.',
  amount Nullable(Decimal(18, 4)) COMMENT 'What is to be sold, in its own currency.',
  currency LowCardinality(Nullable(String)) COMMENT 'The currency of the amount.',
  generation UInt64
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (canonical_id, seq)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/exchange_rate_changes
CREATE TABLE IF NOT EXISTS exchange_rate_changes (
  source LowCardinality(String),
  source_id String,
  seq UInt64,
  record_type LowCardinality(String),
  ord UInt256,
  event_key FixedString(16),
  source_time DateTime64(3, 'UTC'),
  received_at DateTime64(6, 'UTC'),
  operation Enum8('full' = 1, 'patch' = 2, 'delete' = 3, 'undelete' = 4, 'merge' = 5),
  deleted_op UInt8,
  mapping_hash LowCardinality(String),
  mapping_version UInt32,
  batch_id String,
  generation UInt64,
  refused String,
  errors Array(Tuple(field String, value String, reason String)),
  merged_into String,
  base String COMMENT 'The currency that is priced.',
  base_op UInt8,
  quote String COMMENT 'The currency of the price.',
  quote_op UInt8,
  day Date32 COMMENT 'The day from which the rate holds.',
  day_op UInt8,
  rate Decimal(18, 8) COMMENT 'Units of the quote currency for one unit of the base.',
  rate_op UInt8
)
ENGINE = ReplacingMergeTree(generation)
PRIMARY KEY (source, source_id)
ORDER BY (source, source_id, seq)
SETTINGS index_granularity = 256, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/exchange_rate_quarantine_feed
CREATE MATERIALIZED VIEW IF NOT EXISTS exchange_rate_quarantine_feed TO quarantine AS
SELECT source, seq, error.1 AS field, concat('ev_', arrayStringConcat(arrayMap(shift -> substring('0123456789abcdefghjkmnpqrstvwxyz', 1 + bitAnd(bitShiftRight(seq, shift), 31), 1), [60, 55, 50, 45, 40, 35, 30, 25, 20, 15, 10, 5, 0]))) AS event_id, 'exchange_rate' AS record_type, source_id,
  error.2 AS value, error.3 AS reason, mapping_hash, mapping_version, received_at, generation,
  false AS resolved
FROM exchange_rate_changes
ARRAY JOIN errors AS error;

-- model/exchange_rates
CREATE TABLE IF NOT EXISTS exchange_rates (
  canonical_id String,
  source LowCardinality(String),
  source_id String,
  is_deleted Bool,
  version UInt64,
  ord UInt256,
  source_time DateTime64(3, 'UTC'),
  known_at DateTime64(6, 'UTC'),
  provenance Map(LowCardinality(String), UInt256),
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  events UInt64,
  superseded UInt64,
  repeats Map(UInt64, Tuple(batch_id String, record_type String)),
  merged_into String,
  base Nullable(String) COMMENT 'The currency that is priced.',
  quote Nullable(String) COMMENT 'The currency of the price.',
  day Nullable(Date32) COMMENT 'The day from which the rate holds.',
  rate Nullable(Decimal(18, 8)) COMMENT 'Units of the quote currency for one unit of the base.'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY canonical_id
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- model/exchange_rate_intervals
CREATE TABLE IF NOT EXISTS exchange_rate_intervals (
  canonical_id String,
  seq UInt64,
  source LowCardinality(String),
  source_id String,
  valid_from DateTime64(3, 'UTC'),
  valid_to DateTime64(3, 'UTC'),
  is_deleted Bool,
  quality_score Float64,
  failed_rules Array(LowCardinality(String)),
  base LowCardinality(Nullable(String)) COMMENT 'The currency that is priced.',
  quote LowCardinality(Nullable(String)) COMMENT 'The currency of the price.',
  day Nullable(Date32) COMMENT 'The day from which the rate holds.',
  rate Nullable(Decimal(18, 8)) COMMENT 'Units of the quote currency for one unit of the base.',
  generation UInt64
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (canonical_id, seq)
SETTINGS index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

-- 3_serving/010_serving_views.sql
CREATE TABLE IF NOT EXISTS serving_views (
  view_id String COMMENT 'the view and its cut',
  entity_type String COMMENT 'canonical noun that the view counts',
  payload JSON COMMENT 'the row: keys of the group, value and rows; amounts as strings',
  refreshed_at DateTime COMMENT 'when it was published, UTC',
  view LowCardinality(String) COMMENT 'the cut: what is counted by which dimensions',
  metric LowCardinality(String) COMMENT 'slug of the metric',
  key Map(LowCardinality(String), String) COMMENT 'value of each dimension; a dimension without value is absent',
  currency LowCardinality(String) COMMENT 'reporting currency of amounts',
  value Nullable(Decimal(38, 6)) COMMENT 'the number; NULL where it is undefined',
  rows UInt64 COMMENT 'records behind the number; 0 withdraws a row published before',
  unpriced UInt64 COMMENT 'how many of them are left out of the value for want of a price',
  published_at DateTime64(6, 'UTC') COMMENT 'refreshed_at to the microsecond'
)
ENGINE = MergeTree
ORDER BY (entity_type, view_id, refreshed_at)
SETTINGS non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1, min_compressed_bytes_to_fsync_after_merge = 1;

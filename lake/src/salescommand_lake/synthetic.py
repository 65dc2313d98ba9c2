"""Made-up raw events in any number, written by the engine itself: for measurements, never in a running product."""

from __future__ import annotations

from salescommand_lake.engine import Engine

__all__ = ["add_events", "enter_folded", "parse_only"]

_BLOCK = 500_000
_BATCH = 20_000
_STAGES = (
    "['appointmentscheduled', 'qualifiedtobuy', 'presentationscheduled', 'contractsent', 'closedwon', 'closedlost']"
)


async def parse_only(engine: Engine, source: str) -> None:
    """Read and parse the bodies of a source and do nothing with them, one pass over each into maps, by two threads."""
    await engine.query(
        "SELECT sum(length(mapKeys(JSONExtract(body,"
        " 'Tuple(archived Nullable(String), properties Map(String, Nullable(String)))').2)) ) AS keys\n"
        "FROM raw_events WHERE source = {source:String}",
        {"source": source},
        {"max_threads": 2},
    )


async def enter_folded(engine: Engine) -> None:
    """Enter every batch in the ledger as folded and applied, once a rebuild has made the records of them."""
    await engine.command(
        "INSERT INTO folded_batches (batch_id, source, record_type, events, mapped, ignored, quarantined, folded_at)\n"
        "SELECT batch_id, source, record_type, sum(events), sum(events), 0, 0, now64(6) FROM raw_batches\n"
        "GROUP BY batch_id, source, record_type"
    )


async def add_events(
    engine: Engine, *, source: str, events: int, records: int, first: int = 0, stride: int = 1
) -> None:
    """Store ``events`` deals' events of ``records`` records, about 560 bytes each, in batches of 20,000.

    Event n is about record n times ``stride`` modulo ``records``, so that each record changes all the time; events
    begin 2.6 seconds apart, in January 2025. ``first`` continues an earlier call. The JSON column is left empty, since
    nothing is computed from it.
    """
    for start in range(first, first + events, _BLOCK):
        await engine.command(
            _INSERT,
            {
                "source": source,
                "records": records,
                "start": start,
                "count": min(_BLOCK, first + events - start),
                "batch": _BATCH,
                "stride": stride,
            },
            {"max_insert_threads": 2},
        )


_BODY = """concat(
  '{"id":"', source_id, '","properties":{"dealname":"Renewal ', toString(record), ' of the northern region","amount":"',
  toString(100 + h % 90000), '.', leftPad(toString(h % 100), 2, '0'), '","deal_currency_code":"',
  ['USD', 'EUR', 'GBP', 'USD'][1 + h % 4], '","dealstage":"', stage, '","pipeline":"default","hubspot_owner_id":"',
  toString(record % 400), '","closedate":"', toString(toDate(source_time) + h % 90), 'T00:00:00Z","createdate":"',
  toString(toDate('2024-12-01') + record % 30), 'T08:00:00Z","hs_deal_stage_probability":"0.', toString(1 + h % 9),
  '","product_line":"', ['Core', 'Plus', 'Max'][1 + record % 3], '","hs_primary_associated_company":"',
  toString(record % 50000), '","hs_is_closed_won":"', if(stage = 'closedwon', 'true', 'false'),
  '","hs_is_closed_lost":"', if(stage = 'closedlost', 'true', 'false'),
  '","notes_last_updated":"', toString(toDate(source_time)), 'T09:30:00Z","hs_object_id":"', source_id,
  '","closed_lost_reason":', if(stage = 'closedlost', '"Budget"', 'null'), '},"archived":false,"updatedAt":"',
  formatDateTime(source_time, '%Y-%m-%dT%H:%i:%S', 'UTC'), 'Z"}')"""

_INSERT = f"""INSERT INTO raw_events
(source, entity_type, source_id, payload, ingested_at, event_key, seq, kind, record_type, operation, source_time,
 source_time_given, received_at, body, body_sha256, request_sha256, payload_error, batch_id)
SELECT source, 'deal', source_id, CAST('{{}}', 'JSON'), toDateTime(received_at, 'UTC'),
  toFixedString(sipHash128(source, n), 16), seq, 'hubspot', 'opportunity', 'full', source_time, true, received_at,
  {_BODY} AS body, toFixedString('', 32),
  toFixedString('', 32), '',
  concat('b', leftPad(toString({{start:UInt64}}), 9, '0'), '-', toString(intDiv(n, {{batch:UInt64}})))
FROM (
  SELECT number + {{start:UInt64}} AS n, {{source:String}} AS source,
    n * {{stride:UInt64}} % {{records:UInt64}} AS record,
    toString(900000000 + cityHash64(record) % 90000000000) AS source_id, intHash64(n) AS h,
    {_STAGES}[1 + (intDiv(n, {{records:UInt64}}) + record) % 6] AS stage,
    157766400000000 + n * 2600000 AS micros,
    bitShiftLeft(micros, 10) AS seq,
    fromUnixTimestamp64Micro(toInt64(1577836800000000 + micros), 'UTC') AS received_at,
    toDateTime64(received_at, 3, 'UTC') AS source_time
  FROM numbers({{count:UInt64}}))"""

"""Stage visits: a deal's stay in one open stage, told by its history. A noun without a table of its own."""

from __future__ import annotations

from types import MappingProxyType

from salescommand_lake.model import NOUNS, Field, FieldType, Noun

__all__ = ["READABLE", "STAGE_VISIT", "visits"]

_DEAL = NOUNS["opportunity"]
_KEPT = (
    *("name", "account_ref", "account_name", "owner_ref", "owner_name", "amount", "currency", "pipeline", "product"),
    *("type", "segment", "region", "lead_source", "close_date", "created_at"),
)


def _kept(name: str) -> Field:
    field = _DEAL.field(name)
    if field is None:
        raise KeyError(name)
    return field


STAGE_VISIT = Noun(
    "stage_visit",
    "stage_visits",
    "Stage visit",
    "The stay of a deal in one open stage; coming back to it adds to the same visit.",
    "opp",
    (
        *(_kept(name) for name in _KEPT),
        Field("opportunity_id", FieldType.STRING, "Deal", "The canonical id of the deal."),
        Field("stage", FieldType.STRING, "Stage", "The stage that was visited, by the vendor's own name."),
        Field("status", FieldType.ENUM, "Status", "What has become of the deal.", values=("open", "won", "lost")),
        Field("entered_at", FieldType.TIME, "Entered", "When the deal first came into the stage.", "UTC"),
        Field("probability", FieldType.DECIMAL, "Probability", "How likely it was won, as said on entry.", "fraction"),
        Field("days", FieldType.DECIMAL, "Days", "How long it was there, up to the moment asked about.", "days"),
        Field("went_on", FieldType.BOOL, "Went on", "Whether it later came into a likelier open stage, or was won."),
        Field("probability_band", FieldType.STRING, "Probability band", "The probability in steps of ten percent."),
    ),
    (),
    ("name",),
    "amount",
)

READABLE: MappingProxyType[str, Noun] = MappingProxyType({**NOUNS, STAGE_VISIT.name: STAGE_VISIT})
"""Every noun that questions may be about."""

_THERE = "v.stage = visited AND v.status = 'open'"
_STAY = (
    "stay.seconds + if(isNull(stay.since), 0,"
    " greatest(0, dateDiff('second', assumeNotNull(stay.since), {moment:DateTime64(3, 'UTC')})))"
)
_STEP = "toInt32(least(floor(stay.probability * 10), 9)) * 10"


def visits(deals: str) -> str:
    """Return a SELECT of the visits of the deals of the SELECT ``deals``, which gives their ``stays``.

    The time in a stage is in days with four decimals; a visit that has not ended lasts until the moment asked about.
    """
    kept = ", ".join(_KEPT)
    return f"""
    SELECT concat(deal, ':', stay.stage) AS canonical_id, source, source_id, source_time, is_deleted, quality_score,
        failed_rules, {kept}, deal AS opportunity_id, stay.stage AS stage, deal_status AS status,
        toNullable(stay.entered_at) AS entered_at, stay.probability AS probability,
        toNullable(toDecimal64(intDiv({_STAY} * 10000 + 43200, 86400), 4) / 10000) AS days,
        deal_status = 'won' OR stay.likelier AS went_on,
        if(isNull(stay.probability), NULL,
            concat(toString({_STEP}), '-', toString({_STEP} + 10), ' %')) AS probability_band
    FROM (SELECT * EXCEPT (canonical_id, status, stage, probability, stays), canonical_id AS deal,
              ifNull(toString(status), '') AS deal_status, stay
          FROM ({deals}) ARRAY JOIN stays AS stay)"""

"""Records and what could not become one: thin over the lake, with the installation's currency filled in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any

from backend.context import Context
from backend.errors import not_found
from backend.services.answers import Answer, Answers
from backend.services.settings import SettingsService
from salescommand_lake.model import NOUNS
from salescommand_lake.reads.question import QueryError, parse_moment, single
from salescommand_lake.reads.scope import Scope
from salescommand_lake.records import (
    QuarantinePage,
    QuarantineQuery,
    Record,
    RecordQuery,
    get_record,
    list_quarantine,
    list_records,
)
from salescommand_lake.records.exports import export_records, parse_fields

__all__ = ["RecordService", "record_types"]

Pairs = Iterable[tuple[str, str]]


def record_types() -> list[dict[str, Any]]:
    """Return the canonical nouns with their fields, as the model defines them."""
    return [
        {
            "type": noun.name,
            "plural": noun.plural,
            "label": noun.label,
            "meaning": noun.meaning,
            "value": noun.value,
            "fields": [
                {
                    "name": field.name,
                    "type": field.type.value,
                    "label": field.label,
                    "meaning": field.meaning,
                    "unit": field.unit,
                    "values": list(field.values),
                    "ref": field.ref,
                }
                for field in noun.fields
            ],
            "rules": [{"name": rule.name, "weight": rule.weight, "meaning": rule.meaning} for rule in noun.rules],
        }
        for noun in NOUNS.values()
    ]


class RecordService:
    """Reads records, single and in lists, and the quarantine."""

    def __init__(self, context: Context, scope: Scope | None = None) -> None:
        """Answer for everybody's records, or for those in a scope."""
        self._scope = scope
        self._engine = context.engine
        self._answers = Answers(context)
        self._settings = SettingsService(context)

    async def page(self, record_type: str, params: Pairs, known: Iterable[str] = ()) -> Answer:
        """Return a page of records for the parameters of a query string; ``known`` are tags the caller has.

        Raises:
            QueryError: a parameter is unknown or can't be read.
        """
        given = list(params)
        currency = await self._settings.reporting_currency()
        query = RecordQuery.parse(
            record_type, [pair for pair in given if pair[0] != "fields"], currency=currency, scope=self._scope
        )
        sparse = dict(given).get("fields")
        wanted = parse_fields(record_type, sparse) if sparse else ()

        async def work() -> dict[str, Any]:
            page = await list_records(self._engine, query)
            if wanted:
                for item in page.items:
                    item["fields"] = {name: item["fields"].get(name) for name in wanted}
            return page.as_dict()

        # Pages are many and each is asked for once, so they are not kept; an unchanged one is not sent again.
        # A stay in a stage that has not ended grows by the second.
        steady = query.type != "stage_visit" or query.as_of is not None
        return await self._answers.answer(("records", query, wanted), known if steady else (), work, keep=False)

    async def export(
        self, record_type: str, params: Pairs, fmt: str
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Return all records that match as a stream of the format ``fmt``.

        Raises:
            QueryError: a parameter is unknown or can't be read.
        """
        asked = list(params)
        given = [pair for pair in asked if pair[0] not in {"fields", "format"}]
        for name, _ in given:
            if name in {"limit", "cursor", "sort"}:
                raise QueryError(name, "an export is whole and in the order of ids", "leave it out")
        currency = await self._settings.reporting_currency()
        query = RecordQuery.parse(record_type, given, currency=currency, scope=self._scope)
        fields = parse_fields(record_type, dict(asked).get("fields"))
        return export_records(self._engine, query, fmt, fields)

    async def one(self, record_type: str, canonical_id: str, params: Pairs) -> Record:
        """Return one record with where its values come from.

        Raises:
            QueryError: a parameter is unknown or can't be read.
            Problem: 404 when there is no such record.
        """
        if record_type not in NOUNS:
            raise QueryError("type", f"there are no records of type {record_type!r}", f"use one of {', '.join(NOUNS)}")
        once, filters = single(params, ("as_of", "known_at"))
        if filters:
            raise QueryError(filters[0].parameter, "one record takes no filters")
        moments = {name: parse_moment(name, text) for name, text in once.items()}
        record = await get_record(
            self._engine,
            record_type,
            canonical_id,
            moments.get("as_of"),
            moments.get("known_at"),
            scope=self._scope,
        )
        if record is None:
            when = " at that moment" if moments else ""
            raise not_found(record_type, canonical_id + when, hint=f"GET /api/records/{record_type} lists them.")
        return record

    async def survivor(self, record: Record, params: Pairs) -> str | None:
        """Return the canonical id of the record that a merged one lives on in; None when it was not merged.

        A survivor that was never heard of, or that was merged in turn into one of those before it, is none.
        """
        moments = dict(params)
        seen, found = {record.canonical_id}, None
        while record.is_deleted and record.merged_into is not None and record.merged_into not in seen:
            seen.add(record.merged_into)
            after = await get_record(
                self._engine,
                record.type,
                record.merged_into,
                *(parse_moment(name, moments[name]) if name in moments else None for name in ("as_of", "known_at")),
                scope=self._scope,
            )
            if after is None:
                break
            record, found = after, after.canonical_id
        return found

    async def quarantine(self, params: Pairs) -> QuarantinePage:
        """Return a page of values that could not be read.

        Raises:
            QueryError: a parameter is unknown or can't be read.
        """
        return await list_quarantine(self._engine, QuarantineQuery.parse(params))

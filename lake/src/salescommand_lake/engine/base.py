"""What every driver of the lake offers, and how values cross into the engine on all of them."""

from __future__ import annotations

import enum
import math
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from salescommand_lake.engine.columns import Columns, Ready
from salescommand_lake.errors import LakeError

SESSION_SETTINGS: Mapping[str, str] = {
    # Writes: one insert is one block, stored before the answer, and a repeated token adds nothing anywhere.
    "async_insert": "0",
    "insert_deduplicate": "1",
    "deduplicate_blocks_in_dependent_materialized_views": "1",
    # Reading JSON never turns a string that looks like a date into one, nor a number into another.
    "input_format_try_infer_dates": "0",
    "input_format_try_infer_datetimes": "0",
    "date_time_input_format": "best_effort",
    "input_format_null_as_default": "1",
    # Times are UTC wherever the machine stands.
    "session_timezone": "UTC",
    "date_time_output_format": "simple",
    # Answers: whatever a double can't hold exactly arrives as a string.
    "output_format_json_quote_64bit_integers": "1",
    "output_format_json_quote_decimals": "1",
    "output_format_json_quote_denormals": "0",
    "output_format_json_escape_forward_slashes": "0",
    "output_format_json_named_tuples_as_objects": "1",
    "output_format_json_validate_utf8": "1",
    "output_format_decimal_trailing_zeros": "0",
}
"""Settings of every statement on every driver. Defaults change between releases, so what matters is pinned."""

ONE_BLOCK: Mapping[str, str] = {
    "max_insert_block_size": "10000000",
    "max_insert_block_size_bytes": "0",
    "min_insert_block_size_rows": "10000000",
    "min_insert_block_size_bytes": "1073741824",
    "input_format_parallel_parsing": "0",
}
"""Settings which keep the rows of one insert in one block, so that one token covers all of them."""

Row = dict[str, Any]
Rows = Sequence[Mapping[str, Any]] | Columns | Ready
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


class Engine(Protocol):
    """One lake. Statements are ours, values are bound by the engine as ``{name:Type}``; never put a value into SQL.

    Every method raises a class of ``salescommand_lake.errors``. A cancelled call leaves the engine usable, though the
    statement may still run to its end.
    """

    @property
    def name(self) -> str:
        """Return the driver: ``http`` or ``embedded``."""

    @property
    def database(self) -> str:
        """Return the database that unqualified table names mean."""

    async def query(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> list[Row]:
        """Run a SELECT and return its rows.

        Integers of 64 bits and more and decimals arrive as strings, times as UTC strings ``YYYY-MM-DD hh:mm:ss.ffffff``
        with the digits of their type. Bytes that are not UTF-8 become U+FFFD; stream_raw gives them exactly.
        """

    async def command(
        self, sql: str, parameters: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> None:
        """Run a statement that changes something and answers no rows."""

    async def insert(self, table: str, rows: Rows, *, token: str | None = None) -> None:
        """Insert rows in one block; all have the columns of the first. The bytes of strings are kept exactly.

        Columns that no row names take their default. With a ``token`` the same rows are stored once however often the
        call is repeated; a token must never be used for other rows. Without one, rows are always stored.
        """

    async def stream_raw(self, sql: str, fmt: str, parameters: Mapping[str, Any] | None = None) -> bytes:
        """Run a SELECT and return its answer in ClickHouse's output format ``fmt``, for example ``RowBinary``."""

    def stream(
        self, sql: str, fmt: str, parameters: Mapping[str, Any] | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Run a SELECT and give its answer in the output format ``fmt`` piece by piece; never the whole at once.

        Leaving the context early ends the statement.
        """

    async def ensure_database(self) -> None:
        """Create the database when it does not exist."""

    async def ping(self) -> None:
        """Return when the engine answers.

        Raises:
            LakeUnavailable: it does not.
        """

    async def close(self) -> None:
        """Wait for running statements, then let go of the engine. Closing twice is fine."""


def bind(parameters: Mapping[str, Any] | None) -> dict[str, str]:
    """Write parameters in the form in which the engine reads them, the same for both drivers.

    Raises:
        TypeError: a value has a type that can't be bound; the message names the parameter.
        ValueError: a time without zone, or a float that is not a number.
    """
    bound = {}
    for name, value in (parameters or {}).items():
        try:
            bound[name] = r"\N" if value is None else _text(value, nested=False)
        except (TypeError, ValueError) as error:
            msg = f"parameter {name!r}: {error}"
            raise type(error)(msg) from None
    return bound


_ESCAPES = str.maketrans(
    {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0", "\b": "\\b", "\f": "\\f"}
)


def _text(value: Any, *, nested: bool) -> str:
    """Write one value: plain at the top, as a literal inside of an array, tuple or map."""
    if isinstance(value, enum.Enum):
        return _text(value.value, nested=nested)
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        return _container(value)
    if value is None:
        return "NULL"
    text, quoted = _scalar(value)
    if not nested:
        return text.translate(_ESCAPES) if quoted else text
    return f"'{text.translate(_ESCAPES)}'" if quoted else text


def _container(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{_text(k, nested=True)}:{_text(v, nested=True)}" for k, v in value.items()) + "}"
    items = ",".join(_text(item, nested=True) for item in value)
    return f"({items})" if isinstance(value, tuple) else f"[{items}]"


def _scalar(value: Any) -> tuple[str, bool]:
    """Return the text of a value and whether it is quoted inside of a container."""
    if isinstance(value, str):
        return value, True
    if isinstance(value, int):
        return str(value), False
    if isinstance(value, Decimal):
        if not value.is_finite():
            msg = f"{value} is not a number"
            raise ValueError(msg)
        return format(value, "f"), False
    if isinstance(value, float):
        if not math.isfinite(value):
            msg = f"{value} is not a number"
            raise ValueError(msg)
        return repr(value), False
    if isinstance(value, (datetime, date)):
        return time_text(value), True
    if isinstance(value, UUID):
        return str(value), True
    msg = f"a value of type {type(value).__name__} can't be bound"
    raise TypeError(msg)


def time_text(value: datetime | date) -> str:
    """Write a time in UTC as the engine reads it, with microseconds when there are some; a date as it is.

    Raises:
        ValueError: a time without a zone.
    """
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.tzinfo is None:
        msg = f"the time {value.isoformat()} has no zone"
        raise ValueError(msg)
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ")


def identifier(text: str) -> str:
    """Return ``text`` when it is a plain SQL identifier.

    Raises:
        LakeError: it is not, so that it never reaches a statement.
    """
    if not _IDENTIFIER.match(text):
        msg = f"{text!r} is not a name: letters, digits and underscores, not starting with a digit"
        raise LakeError(msg)
    return text


def table_name(name: str) -> str:
    """Return the name of a table, with or without its database, quoted.

    Raises:
        LakeError: it is not a name.
    """
    return ".".join(f"`{identifier(part)}`" for part in name.split("."))

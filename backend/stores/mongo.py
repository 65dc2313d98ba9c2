"""MongoDB behind one module, so that the driver can be replaced in one file.

Documents have string `_id`s and hold plain values. Every failure to reach the server is a `MongoUnavailable`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, TypeVar

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import ReturnDocument
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    ExecutionTimeout,
    InvalidURI,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from backend.settings import SettingsError
from backend.stores.trail import KEPT, Trail, readable, touches, trail

__all__ = ["Collection", "Database", "Document", "DuplicateDocument", "MongoUnavailable", "open_mongo"]

Document = dict[str, Any]
Filter = Mapping[str, Any]
T = TypeVar("T")

# (collection, fields, unique): what must be found quickly or must be unique.
INDEXES: tuple[tuple[str, tuple[str, ...], bool], ...] = (
    ("users", ("email",), True),
    ("links", ("user_id",), False),
    ("tokens", ("digest",), True),
    ("keys", ("digest",), True),
    ("keys", ("source",), False),
    ("contracts", ("source",), False),
    ("contract_history", ("source", "entity_type", "version"), True),
    ("jobs", ("created_at",), False),
    ("mapping_history", ("scope", "record_type", "version"), False),
    ("audit", ("at",), False),
    ("audit", ("who_names",), False),
    ("audit", ("objects",), False),
)


class MongoUnavailable(Exception):  # noqa: N818 - named for what it is
    """MongoDB can't be reached or doesn't answer in time. Trying again later may work."""


class DuplicateDocument(Exception):  # noqa: N818 - named for what it is
    """A document with the same unique value is there already."""


async def _ask(answer: Awaitable[T]) -> T:
    """Wait for the driver and say its failures in our own words."""
    try:
        return await answer
    except DuplicateKeyError as error:
        raise DuplicateDocument(str(error.details or error)) from error
    except (ConnectionFailure, ServerSelectionTimeoutError, ExecutionTimeout) as error:
        raise MongoUnavailable(_short(error)) from error


def _short(error: PyMongoError) -> str:
    """Return the driver's reason without the topology that it appends."""
    return str(error).split(", Timeout:", 1)[0].split(" (configured timeouts", 1)[0] or type(error).__name__


class Collection:
    """The few operations the services use. Each raises MongoUnavailable when the server is away."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._inner = database.inner[name]
        self._name = name

    def _trail(self) -> Trail | None:
        """Return where the running request notes its changes, None when they are none of a person's or not noted."""
        return trail() if self._name in KEPT else None

    async def get(self, where: Filter) -> Document | None:
        """Return the first document that matches, or None."""
        await self._database.prepare()
        found: Document | None = await _ask(self._inner.find_one(where))
        return found

    async def find(
        self,
        where: Filter | None = None,
        *,
        sort: Sequence[tuple[str, int]] = (),
        limit: int = 0,
        fields: Sequence[str] = (),
    ) -> list[Document]:
        """Return the documents that match, in the order asked for; `limit` 0 means all, no `fields` the whole ones."""
        await self._database.prepare()
        cursor = self._inner.find(where or {}, list(fields) or None)
        if sort:
            cursor = cursor.sort(list(sort))
        if limit:
            cursor = cursor.limit(limit)
        found: list[Document] = await _ask(cursor.to_list(length=limit or None))
        return found

    async def insert(self, document: Document) -> None:
        """Add a document.

        Raises:
            DuplicateDocument: one with the same `_id` or another unique value is there.
        """
        await self._database.prepare()
        noted = self._trail()
        if noted:
            await noted.begin()
        await _ask(self._inner.insert_one(document))
        self._note(noted, None, document)

    async def update(self, where: Filter, change: Mapping[str, Any], *, upsert: bool = False) -> Document | None:
        """Change the first document that matches and return it as it is afterwards, or None when none matched."""
        await self._database.prepare()
        noted = self._trail() if self._name in KEPT and touches(self._name, change) else None
        before = None
        if noted:
            await noted.begin()
            before = await self.get(where)
        found: Document | None = await _ask(
            self._inner.find_one_and_update(where, change, upsert=upsert, return_document=ReturnDocument.AFTER)
        )
        if found is not None:
            self._note(noted, before, found)
        return found

    async def take(self, where: Filter) -> Document | None:
        """Remove the first document that matches and return it, in one step; None when there is none."""
        await self._database.prepare()
        noted = self._trail()
        if noted:
            await noted.begin()
        found: Document | None = await _ask(self._inner.find_one_and_delete(where))
        self._note(noted, found, None)
        return found

    async def delete(self, where: Filter) -> int:
        """Remove all documents that match and return how many there were."""
        await self._database.prepare()
        noted = self._trail()
        there = await self.find(where) if noted else []
        if noted and there:
            await noted.begin()
        result = await _ask(self._inner.delete_many(where))
        for document in there if result.deleted_count else ():
            self._note(noted, document, None)
        return int(result.deleted_count)

    def _note(self, noted: Trail | None, before: Document | None, after: Document | None) -> None:
        change = readable(self._name, before, after) if noted else None
        if noted and change:
            noted.add(change)

    async def count(self, where: Filter | None = None) -> int:
        """Return how many documents match."""
        await self._database.prepare()
        return int(await _ask(self._inner.count_documents(where or {})))


class Database:
    """One MongoDB database. Connects on first use; makes its indexes before the first operation that gets through."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.inner = client[name]
        self._prepared = False
        self._preparing = asyncio.Lock()
        self.users = Collection(self, "users")
        self.links = Collection(self, "links")
        self.tokens = Collection(self, "tokens")
        self.keys = Collection(self, "keys")
        self.sources = Collection(self, "sources")
        self.contracts = Collection(self, "contracts")
        self.contract_history = Collection(self, "contract_history")
        self.mappings = Collection(self, "mappings")
        self.mapping_history = Collection(self, "mapping_history")
        self.settings = Collection(self, "settings")
        self.jobs = Collection(self, "jobs")
        self.audit = Collection(self, "audit")

    async def prepare(self) -> None:
        """Make the indexes once."""
        if self._prepared:
            return
        async with self._preparing:
            if self._prepared:
                return
            for collection, fields, unique in INDEXES:
                await _ask(self.inner[collection].create_index([(field, 1) for field in fields], unique=unique))
            self._prepared = True

    async def ping(self) -> str | None:
        """Return None when MongoDB answers, else why not."""
        try:
            await _ask(self.inner.command("ping"))
        except (MongoUnavailable, PyMongoError) as error:
            return str(error)
        return None

    async def version(self) -> str | None:
        """Return the server's version, or None when it doesn't say."""
        info = await _ask(self.inner.command("buildInfo"))
        return str(info["version"]) if "version" in info else None

    def collection(self, name: str) -> Collection:
        """Return a collection by its name."""
        return Collection(self, name)

    async def collections(self) -> list[str]:
        """Return the names of the collections that are there, in order."""
        names: list[str] = await _ask(self.inner.list_collection_names())
        return sorted(name for name in names if not name.startswith("system."))

    async def replace(self, name: str, documents: Sequence[Document]) -> None:
        """Make the documents the whole content of a collection (restoring a backup)."""
        await self.prepare()
        await _ask(self.inner[name].delete_many({}))
        if documents:
            await _ask(self.inner[name].insert_many(list(documents)))

    async def drop(self) -> None:
        """Remove the whole database (tests and erasing a demo)."""
        await _ask(self._client.drop_database(self.inner.name))

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def open_mongo(url: str, name: str, *, timeout_seconds: float = 3) -> Database:
    """Return a database that connects on first use; an operation gives up after `timeout_seconds` without a server.

    Raises:
        SettingsError: the address can't be read.
    """
    try:
        client: Any = AsyncIOMotorClient(
            url,
            serverSelectionTimeoutMS=int(timeout_seconds * 1000),
            connectTimeoutMS=int(timeout_seconds * 1000),
            socketTimeoutMS=10_000,
            tz_aware=True,
            appname="salescommand",
        )
    except (InvalidURI, ConfigurationError, ValueError) as error:
        raise SettingsError(f"MONGO_URL: {error}. It looks like mongodb://host:27017.") from None
    return Database(client, name)

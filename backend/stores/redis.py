"""Redis: one client, and what its failures mean in words."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from backend.settings import SettingsError

__all__ = ["RedisUnavailable", "open_redis", "ping_redis"]

# redis-py 7 types some commands of its asynchronous client as if they might be synchronous (fixed in 8, which the job
# queue does not take yet): where one is awaited, a `type: ignore[misc]` stands.

# What a caller may catch to say "Redis is away"; other RedisErrors are faults of ours.
RedisUnavailable = (RedisConnectionError, RedisTimeoutError)


def open_redis(url: str) -> Redis:
    """Return a client that connects on first use; strings come back as text.

    Raises:
        SettingsError: the address can't be read.
    """
    try:
        client: Redis = Redis.from_url(
            url,
            decode_responses=True,
            socket_connect_timeout=2,
            socket_timeout=10,
            retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 2),
            health_check_interval=30,
        )
    except ValueError as error:
        message = f"REDIS_URL: {error}. It looks like redis://host:6379/0 or unix:///path/to/redis.sock."
        raise SettingsError(message) from None
    return client


async def ping_redis(client: Redis) -> str | None:
    """Return None when Redis answers, else why not."""
    try:
        await client.ping()  # type: ignore[misc]
    except RedisError as error:
        return str(error) or type(error).__name__
    return None

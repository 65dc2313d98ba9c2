"""HTTP only: each module is one noun's routes."""

from backend.routes import (
    auth,
    contracts,
    events,
    health,
    keys,
    mappings,
    metrics,
    microservices,
    records,
    requests,
    serving,
    settings,
    source_policy,
    sources,
    system,
    users,
)

ROUTERS = (
    health.router,
    auth.router,
    metrics.router,
    records.router,
    serving.router,
    events.router,
    sources.router,
    keys.router,
    source_policy.router,
    contracts.router,
    requests.router,
    mappings.router,
    system.router,
    settings.router,
    users.router,
    microservices.router,
)

"""HTTP only: each module is one noun's routes."""

from backend.routes import (
    auth,
    events,
    health,
    keys,
    mappings,
    metrics,
    microservices,
    records,
    serving,
    settings,
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
    mappings.router,
    system.router,
    settings.router,
    users.router,
    microservices.router,
)

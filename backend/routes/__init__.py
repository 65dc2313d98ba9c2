"""HTTP only: each module is one noun's routes."""

from backend.routes import auth, events, health, keys, mappings, microservices, settings, sources, system, users

ROUTERS = (
    health.router,
    auth.router,
    users.router,
    settings.router,
    sources.router,
    keys.router,
    mappings.router,
    events.router,
    system.router,
    microservices.router,
)

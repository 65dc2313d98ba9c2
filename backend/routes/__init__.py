"""HTTP only: each module is one noun's routes."""

from backend.routes import auth, events, health, keys, mappings, settings, users

ROUTERS = (
    health.router,
    auth.router,
    users.router,
    settings.router,
    keys.router,
    mappings.router,
    events.router,
)

"""The long-running roles: dev, serve, worker."""

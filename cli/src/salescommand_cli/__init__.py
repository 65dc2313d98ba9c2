"""The `salescommand` command: a thin package that starts the roles and talks to a running one."""


def version() -> str:
    """Return the version of this installation; read when asked, because reading it takes a while."""
    from importlib.metadata import version as installed

    return installed("salescommand")

"""Running the operator until it is told to stop."""

from __future__ import annotations

import logging
import os

import kopf
from prometheus_client import start_http_server

from salescommand_operator.handlers import registry_of
from salescommand_operator.kube import Kube
from salescommand_operator.settings import OperatorSettings

__all__ = ["run_operator"]


def run_operator(settings: OperatorSettings) -> None:
    """Look after DataLakes until SIGTERM or SIGINT.

    Raises:
        NoCluster: no cluster is known here.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for chatty in ("kopf", "urllib3", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # Kopf asks for the name of the user it runs as, and a container's user is a number without one.
    os.environ.setdefault("LOGNAME", "salescommand-operator")
    kube = Kube(settings.timeout_seconds)
    if settings.port:
        start_http_server(settings.port)
    kopf.run(
        registry=registry_of(kube, settings),
        standalone=True,
        clusterwide=not settings.namespaces,
        namespaces=settings.namespaces,
        liveness_endpoint=f"http://0.0.0.0:{settings.health_port}/healthz" if settings.health_port else None,
    )

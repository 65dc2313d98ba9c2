"""Names that the programs of the benchmark share."""

from __future__ import annotations

SOURCE = "bench"
ENTITY = "deal"
PATH = f"/api/microservices/ingest/{SOURCE}/{ENTITY}"

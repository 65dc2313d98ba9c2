"""What docker-compose.yml promises, read from the file: no engine is needed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict] = COMPOSE["services"]
# Ends after its work; its dependents wait for that.
ONE_SHOT = {"secrets"}
ALL = sorted(SERVICES)
LASTING = sorted(set(SERVICES) - ONE_SHOT)


def test_the_system_is_whole():
    assert set(SERVICES) == {"secrets", "mongo", "redis", "clickhouse", "backend", "worker", "frontend", "demo"}
    assert SERVICES["demo"]["profiles"] == ["demo"], "the demo is asked for, never there by itself"
    assert SERVICES["frontend"]["ports"] == ["${SALESCOMMAND_BIND:-127.0.0.1}:${SALESCOMMAND_UI_PORT:-3000}:3000"]
    assert SERVICES["backend"]["ports"] == ["${SALESCOMMAND_BIND:-127.0.0.1}:${SALESCOMMAND_API_PORT:-8001}:8001"]
    assert [name for name in ALL if SERVICES[name].get("ports")] == ["backend", "frontend"], "stores are not published"


@pytest.mark.parametrize("name", ALL)
def test_every_image_is_a_variable_with_a_pinned_default(name):
    found = re.fullmatch(r"\$\{[A-Z_]+_IMAGE:-([^}]+)\}", SERVICES[name]["image"])
    assert found, SERVICES[name]["image"]
    assert ":" in found[1]
    assert not found[1].endswith(":latest")


@pytest.mark.parametrize("name", ALL)
def test_every_service_is_bounded_and_confined(name):
    service = SERVICES[name]
    assert {"cpus", "memory", "pids"} <= set(service["deploy"]["resources"]["limits"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["logging"]["options"]["max-size"]
    if name not in ONE_SHOT:
        assert not service.get("cap_add")
        assert not str(service.get("user", "")).startswith(("0", "root"))


@pytest.mark.parametrize("name", LASTING)
def test_every_service_that_stays_says_how_it_is(name):
    check = SERVICES[name]["healthcheck"]
    assert check["test"]
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_the_start_is_ordered():
    def waits(name: str) -> dict[str, str]:
        return {other: how["condition"] for other, how in SERVICES[name].get("depends_on", {}).items()}

    for store in ("mongo", "redis", "clickhouse"):
        assert waits(store) == {"secrets": "service_completed_successfully"}
        assert waits("backend")[store] == waits("worker")[store] == "service_healthy"
    assert waits("worker")["backend"] == waits("frontend")["backend"] == "service_healthy"


def test_what_is_written_is_in_named_volumes():
    named = set(COMPOSE["volumes"])
    used = {volume.split(":")[0] for name in ALL for volume in SERVICES[name].get("volumes", [])}
    assert named <= used
    assert all(place in named or place.startswith("./") for place in used)


def test_the_stores_are_reached_by_the_programs_alone():
    assert COMPOSE["networks"]["stores"]["internal"] is True
    assert SERVICES["frontend"]["networks"] == SERVICES["demo"]["networks"] == ["edge"]
    assert all(SERVICES[name]["networks"] == ["stores"] for name in ("mongo", "redis", "clickhouse", "worker"))
    # Each sees its own secrets only.
    for name in ("mongo", "redis", "clickhouse"):
        assert [v.split(":")[0] for v in SERVICES[name]["volumes"] if v.startswith("secrets")] == [f"secrets-{name}"]


def test_no_password_is_in_the_file():
    text = (ROOT / "docker-compose.yml").read_text()
    assert not re.search(r"(?i)password[\"']?\s*[:=]\s*[\"']?(?!/run/secrets)\S", text)
    assert not re.search(r"://[^/\s]*:[^/\s$]*@", text)

"""Variables: read, documented, and refused in words."""

from __future__ import annotations

import pytest

from backend.settings import BackendSettings, SettingsError


def test_defaults_need_no_variable(monkeypatch):
    for variable in BackendSettings.documented():
        monkeypatch.delenv(variable.name, raising=False)
    settings = BackendSettings.load()
    assert (settings.api_port, settings.ui_port, settings.metrics_port) == (8001, 3000, 9464)
    assert settings.reporting_currency == "USD"
    assert settings.clickhouse_url == ""
    assert settings.origin == "http://localhost:3000"
    assert not settings.secure_cookies


def test_variables_are_read_and_empty_ones_count_as_unset(monkeypatch):
    monkeypatch.setenv("SALESCOMMAND_UI_PORT", "3010")
    monkeypatch.setenv("CLICKHOUSE_URL", "http://clickhouse:8123")
    monkeypatch.setenv("SALESCOMMAND_API_PORT", "")
    settings = BackendSettings.load()
    assert settings.origin == "http://localhost:3010"
    assert settings.clickhouse_url == "http://clickhouse:8123"
    assert settings.api_port == 8001


def test_options_win_over_variables(monkeypatch):
    monkeypatch.setenv("SALESCOMMAND_API_PORT", "9001")
    assert BackendSettings.load(api_port=9002, ui_port=None).api_port == 9002


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SALESCOMMAND_API_PORT", "eight"),
        ("SALESCOMMAND_UI_PORT", "70000"),
        ("SALESCOMMAND_SCHEMA", "maybe"),
        ("SALESCOMMAND_REPORTING_CURRENCY", "dollar"),
        ("SALESCOMMAND_SESSION_HOURS", "0"),
        ("SALESCOMMAND_LOG_LEVEL", "loud"),
        ("SALESCOMMAND_PUBLIC_URL", "ftp://example.com"),
        ("SALESCOMMAND_INSTANCE", "1024"),
    ],
)
def test_a_bad_value_is_refused_by_name(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        BackendSettings.load()
    assert name in str(caught.value)
    assert value in str(caught.value)


def test_a_bad_option_is_refused_by_its_variable():
    with pytest.raises(SettingsError, match="SALESCOMMAND_API_PORT is 'x'"):
        BackendSettings.load(api_port="x")


def test_secrets_are_not_repeated(monkeypatch):
    monkeypatch.setenv("CLICKHOUSE_PASSWORD", "hunter2")
    assert "hunter2" not in repr(BackendSettings.load())


def test_every_variable_is_documented_once():
    documented = BackendSettings.documented()
    names = [variable.name for variable in documented]
    assert len(set(names)) == len(names) == len(BackendSettings.model_fields)
    assert all(variable.meaning for variable in documented)
    assert {"MONGO_URL", "DB_NAME", "REDIS_URL", "CLICKHOUSE_URL", "CLICKHOUSE_PASSWORD"} <= set(names)

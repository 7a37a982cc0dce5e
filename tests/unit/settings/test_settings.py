"""What a deployment tells its functions."""

import json
from dataclasses import FrozenInstanceError, fields

import pytest

from heimdall.settings import (
    ExecuteSettings,
    MissingSettingError,
    OrchestrateSettings,
    QuerySettings,
    RunnerSettings,
    SubmitSettings,
    read_settings,
)
from tests.factories import ALICE, PROXY

RUNNERS = {
    "light": {
        "function": "execute-light",
        "queue_url": "https://queue",
        "wakes_url": "https://w",
        "plugins": ["ping"],
    },
    "sql": {
        "function": "execute-sql",
        "queue_url": "https://sql",
        "wakes_url": "https://v",
        "plugins": [],
    },
}
ENVIRONMENT = {
    "HEIMDALL_JOBS_TABLE": "the-jobs",
    "HEIMDALL_CATALOG_TABLE": "the-catalog",
    "HEIMDALL_BUCKET": "the-bucket",
    "HEIMDALL_RUNNERS": json.dumps(RUNNERS),
    "HEIMDALL_TRUSTED_PROXIES": PROXY,
    "HEIMDALL_ADMINS": f"{ALICE},{PROXY}",
    "HEIMDALL_DEFAULT_ROLE": "viewer",
    "HEIMDALL_FORMS_FUNCTION": "heimdall-execute-sql",
    "HEIMDALL_RETENTION_DAYS": "30",
    "HEIMDALL_QUEUE_URL": "https://queue",
    "HEIMDALL_WAKES_URL": "https://w",
    "HEIMDALL_LONG_JOBS_ARN": "arn:aws:states:eu-central-1:123456789012:stateMachine:long",
    "HEIMDALL_DEPLOYMENT": "Heimdall-eu-central-1",
    "HEIMDALL_AUDIT_RETENTION_DAYS": "365",
    "HEIMDALL_STOP_ORPHANS": "true",
    "HEIMDALL_DEAD_LETTERS": '{"arn:aws:sqs:eu-central-1:123456789012:dead": "light"}',
}
CLASSES = [SubmitSettings, QuerySettings, ExecuteSettings, OrchestrateSettings]


def variables_of(settings_type):
    return [f"HEIMDALL_{field.name.upper()}" for field in fields(settings_type)]


def test_settings_are_read_from_the_variables_of_their_names():
    assert read_settings(SubmitSettings, ENVIRONMENT) == SubmitSettings(
        jobs_table="the-jobs",
        catalog_table="the-catalog",
        bucket="the-bucket",
        runners={
            "light": RunnerSettings("execute-light", "https://queue", "https://w", ("ping",)),
            "sql": RunnerSettings("execute-sql", "https://sql", "https://v", ()),
        },
        trusted_proxies=frozenset({PROXY}),
        admins=frozenset({ALICE, PROXY}),
        default_role="viewer",
        retention_days=30,
        audit_retention_days=365,
    )


@pytest.mark.parametrize("settings_type", CLASSES)
def test_settings_come_from_the_environment_when_nothing_else_is_given(settings_type, monkeypatch):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    assert read_settings(settings_type) == read_settings(settings_type, ENVIRONMENT)


@pytest.mark.parametrize(
    ("settings_type", "missing"),
    [(kind, variable) for kind in CLASSES for variable in variables_of(kind)],
)
def test_missing_variable_is_named(settings_type, missing):
    environment = {name: value for name, value in ENVIRONMENT.items() if name != missing}

    with pytest.raises(MissingSettingError, match=missing):
        read_settings(settings_type, environment)


@pytest.mark.parametrize("settings_type", CLASSES)
def test_variables_of_other_functions_are_not_needed(settings_type):
    own = {name: ENVIRONMENT[name] for name in variables_of(settings_type)}

    assert read_settings(settings_type, own) == read_settings(settings_type, ENVIRONMENT)


@pytest.mark.parametrize(
    ("text", "proxies"),
    [
        ("", set()),
        (" , ,", set()),
        (PROXY, {PROXY}),
        (f" {PROXY} ,{ALICE},", {PROXY, ALICE}),
    ],
)
def test_trusted_proxies_are_separated_by_commas(text, proxies):
    read = read_settings(QuerySettings, ENVIRONMENT | {"HEIMDALL_TRUSTED_PROXIES": text})

    assert read.trusted_proxies == proxies


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HEIMDALL_RETENTION_DAYS", "a month"),
        ("HEIMDALL_RUNNERS", ""),
        ("HEIMDALL_RUNNERS", '{"light": {}}'),
    ],
)
def test_value_that_cannot_be_read_fails_at_once(name, value):
    with pytest.raises((ValueError, KeyError)):
        read_settings(SubmitSettings, ENVIRONMENT | {name: value})


def test_dead_letters_have_a_runner_by_their_queue():
    read = read_settings(OrchestrateSettings, ENVIRONMENT)

    assert read.dead_letters == {"arn:aws:sqs:eu-central-1:123456789012:dead": "light"}


def test_settings_never_change():
    settings = read_settings(ExecuteSettings, ENVIRONMENT)

    with pytest.raises(FrozenInstanceError):
        settings.bucket = "another"

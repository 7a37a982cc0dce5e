"""Handler in, moto behind."""

import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from tests.factories import ALICE, PROXY
from tests.fakes.session import fresh_session
from tests.fakes.tables import create_resources
from tests.functional.world import World

NOOP = {"name": "noop", "plugin": "noop", "tags": ["type:noop"], "cluster_tags": ["type:localhost"]}
CATALOG = {
    "cluster/localhost": {"name": "localhost", "tags": ["type:localhost", "data:local"]},
    "command/ping": {
        "name": "ping",
        "version": "0.0.1",
        "plugin": "ping",
        "is_sync": True,
        "tags": ["type:ping"],
        "cluster_tags": ["type:localhost"],
    },
    "command/noop": NOOP,
    "command/noop-sync": {
        **NOOP,
        "name": "noop-sync",
        "is_sync": True,
        "tags": ["type:noop-sync"],
    },
    "command/shell": {
        "name": "shell",
        "plugin": "shell",
        "tags": ["type:shell"],
        "cluster_tags": ["type:localhost"],
    },
}


@pytest.fixture
def empty_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with mock_aws():
        fresh_session()
        environment = create_resources() | {
            "HEIMDALL_TRUSTED_PROXIES": PROXY,
            "HEIMDALL_ADMINS": f"{ALICE},{PROXY}",
            "HEIMDALL_DEFAULT_ROLE": "submitter",
            "HEIMDALL_AUDIT_RETENTION_DAYS": "365",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        queue_url = json.loads(environment["HEIMDALL_RUNNERS"])["light"]["queue_url"]
        world = World(queue_url)
        events = boto3.DEFAULT_SESSION._session.get_component("event_emitter")
        events.register_first("before-send.lambda.Invoke", world.invoke_execute)
        events.register("before-call.*.*", world.count_call)
        yield world
        fresh_session()


@pytest.fixture
def world(empty_world: World) -> World:
    """With the catalog of configs/local.yaml in essence."""
    for path, body in CATALOG.items():
        answer = empty_world.put(f"/api/v1/{path}", body)
        assert answer.status == 200, answer.text
    empty_world.calls.clear()
    return empty_world

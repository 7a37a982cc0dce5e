"""Cancels of running jobs at data engines end the statements there."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.engines.clickhouse import told
from tests.engines.postgres_server import (
    PostgresServer,
    postgres,  # noqa: F401 - a fixture
)
from tests.functional.data_engine import Engine
from tests.functional.data_engines import gateway, of, open_engine, submit
from tests.functional.world import Answer, World

STOP_SECONDS = 3.0
LONG = {
    "postgres": "SELECT pg_sleep(600)",
    "duckdb": "SELECT count(*) AS n FROM range(10_000_000_000) AS a WHERE hash(a.range) = 1",
    "clickhouse": "SELECT sleepEachRow(0.05) AS s FROM numbers(10000) SETTINGS max_block_size = 1",
    "starrocks": "SELECT sleep(600) AS s",
}
"""Each takes ten minutes and more."""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with gateway(monkeypatch) as made:
        yield made


@pytest.fixture
def engine(
    world: World, plugin: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    with open_engine(plugin, request, monkeypatch) as made:
        made.put(world)
        yield made


@of(*LONG)
def test_cancel_ends_a_sync_job_and_its_statement(
    world: World, engine: Engine, request: pytest.FixtureRequest
) -> None:
    is_working = _view(engine, request)
    answers: list[Answer] = []
    caller = threading.Thread(
        target=lambda: answers.append(submit(world, {"query": LONG[engine.plugin]})), daemon=True
    )
    assert submit(world, engine.rich.context).body["status"] == "SUCCEEDED"
    assert _jobs(world, "RUNNING") == []  # and all clients are there, which no two threads make
    caller.start()
    _wait(lambda: _jobs(world, "RUNNING"), 10)
    if engine.plugin != "duckdb":
        _wait(is_working, 20)
    [job] = _jobs(world, "RUNNING")

    assert world.post(f"/api/v1/job/{job['id']}/cancel").status == 200
    asked_at = time.monotonic()
    _wait(lambda: not is_working(), STOP_SECONDS)
    caller.join(10)

    assert time.monotonic() - asked_at < 10
    shown = world.get(f"/api/v1/job/{job['id']}").body
    assert (shown["status"], shown["canceled_by"]) == ("CANCELED", "alice")
    assert [answer.body["status"] for answer in answers] == ["CANCELED"]
    assert world.get(f"/api/v1/job/{job['id']}/result").status == 404


def _view(engine: Engine, request: pytest.FixtureRequest) -> Callable[[], Any]:
    """Return what tells whether the server works."""
    if engine.plugin == "clickhouse":
        return lambda: told("/running")
    if engine.plugin == "starrocks":
        return lambda: any("sleep" in text for text in engine.running())
    if engine.plugin == "duckdb":  # in the runner itself, which ends with the job
        return bool
    server: PostgresServer = request.getfixturevalue("postgres")

    def is_working() -> bool:
        with server.connect() as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_stat_activity WHERE usename = 'canary' AND state = 'active'"
            )
            return bool(found.fetchall())

    return is_working


def _jobs(world: World, status: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.get("/api/v1/jobs").body["data"]
    return [job for job in found if job["status"] == status]


def _wait(condition: Callable[[], Any], seconds: float) -> None:
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at, "it did not come to that in time"
        time.sleep(0.05)

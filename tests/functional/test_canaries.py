"""The secrets of data engines: no run of any kind lets them out anywhere."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from tests.engines.postgres_server import postgres  # noqa: F401 - a fixture
from tests.functional.data_engine import CANARY, Engine
from tests.functional.data_engines import gateway, of, open_engine, submit
from tests.functional.reading_results import PARQUET
from tests.functional.search import Calls, answers, results, stored
from tests.functional.world import World

WITH_SECRETS = ("postgres", "trino", "clickhouse", "snowflake", "starrocks", "http")
PIECE = "ry-7f3a"
"""Of the canary: it stays what it is in texts of SQL, JSON, Python and URLs."""

ALPHABETS = (base64.b64encode, base64.urlsafe_b64encode)


def forms() -> set[str]:
    """Return all that is looked for: the piece in its encodings, at every place of base64's."""
    found = {PIECE, PIECE.encode().hex(), PIECE.encode().hex().upper(), PIECE[::-1]}
    for encode in ALPHABETS:
        for before in (b"", b"x", b"xx"):
            text = encode(before + PIECE.encode()).decode().rstrip("=")
            found.add(text[len(before) and len(before) + 1 : -1])
    return found


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


def test_forms_are_found() -> None:
    secret = CANARY.encode()
    told = [CANARY, secret.hex(), repr(CANARY)]
    told += [encode(before + secret).decode() for encode in ALPHABETS for before in (b"", b"user:")]

    assert [text for text in told if not any(form in text for form in forms())] == []


@of(*WITH_SECRETS)
def test_canary_is_nowhere(world: World, engine: Engine, capsys: Any, caplog: Any) -> None:
    calls = Calls()
    posted = [submit(world, context) for context in (engine.rich.context, *engine.echoes)]
    ends = [answer.body["status"] for answer in posted]
    assert ends == ["SUCCEEDED"] * (1 + len(engine.echoes)), [each.text for each in posted]
    broken = submit(world, engine.broken)
    assert broken.body["status"] == "FAILED", broken.text
    engine.refuse(world)
    refused = [submit(world, each) for each in (engine.refused or engine.rich.context,)]
    assert [answer.body["status"] for answer in refused] == ["FAILED"], refused

    ended = [answer.body["id"] for answer in posted]
    jobs = [*ended, *(answer.body["id"] for answer in (broken, *refused))]
    ids = {"job": jobs, "command": ["sync"], "cluster": ["engine"]}
    got = {**dict(answers(world, ids)), **dict(results(world, ended))}
    lines = capsys.readouterr()
    submissions = "".join(answer.text for answer in (*posted, broken, *refused))
    seen = [
        ("answers to submissions", submissions),
        ("log", lines.out + lines.err + caplog.text),
        *got.items(),
        *stored(),
        *calls.sent,
    ]
    assert {name for name, text in seen if any(form in text for form in forms())} == set()
    assert len(got) > len(jobs) * 5
    assert "[secret]" in submissions
    assert "[secret]" in got[f"{ended[1]} as text/csv"]
    assert all(got[f"{ended[-1]} as {form}"].count("[secret]") for form in ("text/csv", PARQUET))

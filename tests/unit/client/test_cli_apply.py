import json

import pytest

from tests.unit.client.scripted_api import error, reply

FILE = """\
server: {address: 0.0.0.0}
commands:
- {name: ping, plugin: ping, tags: [type:ping]}
- {name: new, plugin: shell}
clusters:
- {name: local, version: 0.0.2}
"""
PING = {"id": "ping", "name": "ping", "plugin": "ping", "status": "ACTIVE", "tags": ["type:ping"]}
LOCAL = {"id": "local", "name": "local", "version": "0.0.1", "status": "ACTIVE"}
READS = {"GET /command/ping", "GET /command/new", "GET /cluster/local"}


@pytest.fixture
def file(tmp_path) -> str:
    path = tmp_path / "catalog.yaml"
    path.write_text(FILE)
    return str(path)


@pytest.fixture
def catalog(line):
    line.api.on("GET /command/ping", reply(PING))
    line.api.on("GET /command/new", error(404, "command_not_found"))
    line.api.on("GET /cluster/local", reply(LOCAL))
    line.api.on("PUT /command/new", reply({"id": "new"}))
    line.api.on("PUT /cluster/local", reply(LOCAL))
    return line


PLAN = [
    "~ cluster local changed: version",
    "= command ping left alone",
    "+ command new added",
    "1 added, 1 changed, 1 left alone",
]


def test_apply_prints_its_plan_and_carries_it_out(catalog, file):
    outcome = catalog.run("apply", file)

    assert (outcome.code, outcome.lines) == (0, PLAN)
    assert catalog.api.calls[-2:] == ["PUT /cluster/local", "PUT /command/new"]
    notes, told = outcome.err.splitlines()
    assert f"{file}:1: server:" in notes
    assert told == "2 written"


def test_dry_run_changes_nothing(catalog, file):
    outcome = catalog.run("apply", file, "--dry-run")

    assert (outcome.code, outcome.lines) == (0, PLAN)
    assert set(catalog.api.calls) == READS
    assert "nothing was changed" in outcome.err


def test_plan_as_json(catalog, file):
    steps = json.loads(catalog.run("apply", file, "--json").out)

    assert steps == [
        {"kind": "cluster", "id": "local", "action": "change", "fields": ["version"]},
        {"kind": "command", "id": "ping", "action": "leave", "fields": []},
        {"kind": "command", "id": "new", "action": "add", "fields": []},
    ]


def test_apply_with_nothing_to_do_says_so(catalog, file):
    catalog.api.on("GET /command/new", reply({"id": "new", "name": "new", "plugin": "shell"}))
    catalog.api.on("GET /cluster/local", reply(LOCAL | {"version": "0.0.2"}))
    catalog.api.on(
        "GET /command/new", reply({**PING, "name": "new", "plugin": "shell", "tags": []})
    )

    outcome = catalog.run("apply", file)

    assert outcome.lines[-1] == "0 added, 0 changed, 3 left alone"
    assert outcome.err.endswith("nothing to do\n")


def test_wrong_file_exits_with_2_before_anything_is_asked(line, tmp_path):
    path = tmp_path / "catalog.yaml"
    path.write_text(f"{FILE}- {{name: local}}\n")

    outcome = line.run("apply", str(path))

    assert outcome.code == 2
    assert f"{path}:7: clusters[1].name: 'local' is the id of another one" in outcome.err
    assert line.api.requests == []


def test_missing_file_exits_with_2(line, tmp_path):
    outcome = line.run("apply", f"{tmp_path}/none.yaml")

    assert outcome.code == 2
    assert "No such file" in outcome.err


def test_failure_in_the_middle_is_told_with_its_reason(catalog, file):
    catalog.api.on("PUT /command/new", error(422, "unknown_plugin", "there is no plugin shell"))

    outcome = catalog.run("apply", file)

    assert outcome.code == 1
    assert outcome.err.splitlines()[1:] == [
        "error: the command new could not be written",
        "applied: cluster local",
        "not applied: command new",
        "because: there is no plugin shell",
        "  (unknown_plugin, request request-1)",
    ]

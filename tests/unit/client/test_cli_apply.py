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
    "~ cluster local changed",
    '    version: "0.0.1" -> "0.0.2"',
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
        {
            "kind": "cluster",
            "id": "local",
            "action": "change",
            "fields": ["version"],
            "changes": [{"path": "version", "before": "0.0.1", "after": "0.0.2"}],
        },
        {"kind": "command", "id": "ping", "action": "leave", "fields": [], "changes": []},
        {"kind": "command", "id": "new", "action": "add", "fields": [], "changes": []},
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


def test_diff_shows_each_part_that_changes(catalog, tmp_path):
    path = tmp_path / "catalog.yaml"
    path.write_text(
        "clusters:\n- name: local\n  version: 0.0.1\n  context: {a: {b: 2, c: null}, long: "
        f"{'x' * 300}}}\n  attributes: {{ui: {{kind: link, value: new}}}}\n"
    )
    present = {
        "context": {"a": {"b": 1}, "gone": [True], "\x1b[2J": 1},
        "attributes": {"ui": {"kind": "link", "value": "old"}},
        "tags": ["x", "_id:local"],
        "revision": 7,
    }
    catalog.api.on("GET /cluster/local", reply(LOCAL | present))

    outcome = catalog.run("apply", str(path), "--dry-run")

    assert outcome.lines == [
        "~ cluster local changed",
        '    tags: ["x"] -> []',
        "    context.a.b: 1 -> 2",
        "    context.a.c: nothing -> null",
        "    context.gone: [true] -> nothing",
        "    context.\\x1b[2J: 1 -> nothing",
        f'    context.long: nothing -> "{"x" * 199}...',
        '    attributes.ui.value: "old" -> "new"',
        "0 added, 1 changed, 0 left alone",
    ]


def test_what_the_file_does_not_have_is_deleted_only_when_asked(catalog, file):
    catalog.api.on(
        "GET /commands?status=ACTIVE%2CINACTIVE",
        reply({"data": [PING, {"id": "old", "status": "INACTIVE", "revision": 5}]}),
    )
    catalog.api.on("GET /clusters?status=ACTIVE%2CINACTIVE", reply({"data": [LOCAL]}))
    catalog.api.on("PUT /command/old/status", reply({"status": "DELETED"}))

    outcome = catalog.run("apply", file, "--prune")

    assert outcome.lines == [
        *PLAN[:-1],
        "- command old deleted",
        '    status: "INACTIVE" -> "DELETED"',
        "1 added, 1 changed, 1 left alone, 1 deleted",
    ]
    assert catalog.api.calls[-1] == "PUT /command/old/status"
    assert catalog.api.bodies[-1] == {"status": "DELETED"}
    assert catalog.api.requests[-1].headers["if-match"] == '"5"'


def test_change_since_the_plan_is_not_overwritten(catalog, file):
    message = "this request expects revision 3, but it is at revision 4; read it again"
    catalog.api.on("GET /cluster/local", reply(LOCAL | {"revision": 3}))
    catalog.api.on(
        "PUT /cluster/local",
        error(409, "revision_conflict", message, details={"current_revision": 4}),
    )

    outcome = catalog.run("apply", file)

    assert outcome.code == 1
    assert outcome.err.splitlines()[1:5] == [
        "error: the cluster local could not be written",
        "applied: nothing",
        "not applied: cluster local, command new",
        f"because: {message}",
    ]
    assert "PUT /command/new" not in catalog.api.calls

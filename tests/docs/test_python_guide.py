"""The guide on the client for Python shows code that runs."""

import functools
import re
from pathlib import Path

import httpx

import heimdall_client

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "python.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
JOB = {"id": "1", "status": "SUCCEEDED"}
TABLE = {"columns": [], "data": [["Hello, you!"]]}
EXPLAINED = {"outcome": "accepted", "candidates": {"clusters": [{"id": "east"}]}}
HEALTH = {"healthy": False, "checks": [{"cluster_id": "east", "status": "error"}]}
PING = {"id": "ping", "revision": 7}
LINES = {"data": [{"revision": 7}]}
ANSWERS: dict[str, object] = {
    "/jobs": {"data": [JOB]},
    "/job/1/stdout": "printed",
    "/job/1/result": TABLE,
    "/command/ping": PING,
    "/command/ping/revisions": LINES,
    "/command/ping/rollback": PING,
    "/clusters": {"data": [{"id": "east"}]},
    "/clusters/health": HEALTH,
    "/audit": {"data": [{"id": "1", "action": "command.put"}]},
}


def answer(request: httpx.Request) -> httpx.Response:
    if "dry_run" in request.url.params:
        return httpx.Response(200, json=EXPLAINED)
    found = ANSWERS.get(request.url.path.removeprefix("/api/v1"), JOB)
    return httpx.Response(503 if found is HEALTH else 200, json=found)


def test_code_in_the_guide_runs_from_top_to_bottom(monkeypatch, capsys, tmp_path):
    in_process = functools.partial(heimdall_client.Client, transport=httpx.MockTransport(answer))
    monkeypatch.setattr(heimdall_client, "Client", in_process)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}

    for block in BLOCKS:
        exec(compile(block, "python.md", "exec"), names)

    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "SUCCEEDED [['Hello, you!']]"
    assert "True False" in printed
    assert (tmp_path / "stdout.txt").read_text() == '"printed"'
    assert (tmp_path / "result.csv").stat().st_size > 0


def test_errors_in_the_guide_exist():
    table = GUIDE[GUIDE.index("## Errors") :]
    names = re.findall(r"`(\w+Error)`", GUIDE)

    assert "ApiError" in table
    assert [name for name in names if not hasattr(heimdall_client, name)] == []

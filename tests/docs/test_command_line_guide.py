"""The guide on the command line shows commands, files and code that work."""

import re
import shlex
from pathlib import Path

import httpx
import pytest

from heimdall_client._session import Outside
from heimdall_client.catalog_file import read_catalog_file
from heimdall_client.cli import main

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "command-line.md").read_text(encoding="utf-8")
CONSOLES = re.findall(r"^```console\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
COMMANDS = [
    found.removesuffix(")")
    for console in CONSOLES
    for found in re.findall(r"^\$ (?:job=\$\()?heimdall (.*)$", console, re.MULTILINE)
    if found not in {"gateway", "--install-completion"}  # serves on and on; changes ~/.bashrc
]
JOB = {"id": "1", "status": "SUCCEEDED", "revision": 7, "healthy": True, "outcome": "accepted"}


def blocks_of(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def answer(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith(("/stdout", "/stderr")):
        return httpx.Response(200, content=b"")
    if request.url.path.endswith("/result"):
        return httpx.Response(200, json={"columns": [], "data": []})
    path = request.url.path.removeprefix("/api/v1")
    if request.method == "GET" and path in IN_THE_FILE:
        code = "command_not_found"
        return httpx.Response(404, json={"error": "no", "code": code, "request_id": "1"})
    return httpx.Response(200, json=JOB | {"data": []})


IN_THE_FILE = {"/command/ping-0.0.1", "/cluster/localhost-0.0.1"}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_in_the_guide_are_understood(command, tmp_path, monkeypatch):
    (tmp_path / "catalog.yaml").write_text(blocks_of("yaml")[0])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEIMDALL_URL", "http://127.0.0.1:9090")

    with pytest.raises(SystemExit) as ended:
        main(shlex.split(command), outside=Outside(httpx.MockTransport(answer)))

    assert not ended.value.code


def test_catalog_in_the_guide_is_read(tmp_path):
    path = tmp_path / "catalog.yaml"
    path.write_text(blocks_of("yaml")[0])

    catalog = read_catalog_file(path)

    assert list(catalog.commands) == ["ping-0.0.1"]
    assert list(catalog.clusters) == ["localhost-0.0.1"]


def test_policies_in_the_guide_are_read(tmp_path):
    path = tmp_path / "catalog.yaml"
    path.write_text(blocks_of("yaml")[1])

    (policy,) = read_catalog_file(path).policies.values()

    assert [rule.effect for rule in policy.rules] == ["allow", "deny"]


def test_local_catalog_is_read():
    assert read_catalog_file(ROOT / "configs" / "local.yaml").notes == []

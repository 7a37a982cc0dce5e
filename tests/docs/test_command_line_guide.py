"""The guide on the command line shows commands, files and code that work."""

import functools
import re
import shlex
from pathlib import Path

import httpx
import pytest

import heimdall_client
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
    if found != "gateway"  # would serve until it is stopped
]
JOB = {"id": "1", "status": "SUCCEEDED"}


def blocks_of(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def answer(request: httpx.Request) -> httpx.Response:
    if request.url.path.endswith(("/stdout", "/stderr")):
        return httpx.Response(200, content=b"")
    if request.url.path.endswith("/result"):
        return httpx.Response(200, json={"columns": [], "data": []})
    if "/command/" in request.url.path or "/cluster/" in request.url.path:
        code = "command_not_found"
        return httpx.Response(404, json={"error": "no", "code": code, "request_id": "1"})
    return httpx.Response(200, json=JOB | {"data": []})


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


def test_code_in_the_guide_runs(monkeypatch, capsys):
    in_process = functools.partial(heimdall_client.Client, transport=httpx.MockTransport(answer))
    monkeypatch.setattr(heimdall_client, "Client", in_process)

    exec(compile(blocks_of("python")[0], "command-line.md", "exec"), {})

    assert capsys.readouterr().out == "SUCCEEDED \n"


def test_local_catalog_is_read():
    assert read_catalog_file(ROOT / "configs" / "local.yaml").notes == []

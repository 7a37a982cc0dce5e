import json
import socket

import httpx
import pytest
import typer

import heimdall_client
from heimdall_client import cli, cli_gateway
from heimdall_client._auth import SigV4Auth
from heimdall_client.gateway import GatewaySettings
from tests.unit.client.scripted_api import URL, error, failing, reply

STATUS = {"id": "1", "status": "SUCCEEDED"}
COMMAND_LINE = typer.main.get_group(cli.app)
COMMANDS = set(COMMAND_LINE.commands)
API_URL = "https://abc.execute-api.eu-west-1.amazonaws.com"


def test_version_is_printed(line):
    version = heimdall_client.__version__

    assert line.run("version").out == f"{version}\n"
    assert json.loads(line.run("version", "--json").out) == {"version": version}


def test_help_lists_the_commands(line):
    outcome = line.run("--help")

    assert outcome.code == 0
    for command in COMMANDS:
        assert f" {command} " in outcome.out


@pytest.mark.parametrize("command", sorted(COMMANDS - {"gateway", "logs"}))
def test_what_prints_data_prints_it_as_json_too(line, command):
    options = {option for each in COMMAND_LINE.commands[command].params for option in each.opts}

    assert "--json" in options


@pytest.mark.parametrize("arguments", [["nonsense"], ["status"], ["jobs", "--limit", "0"]])
def test_wrong_usage_exits_with_2(line, arguments):
    outcome = line.run(*arguments)

    assert (outcome.code, outcome.out) == (2, "")
    assert "Usage: heimdall" in outcome.err


def test_no_address_is_an_error_with_its_remedy(line, monkeypatch):
    monkeypatch.delenv("HEIMDALL_URL")
    outcome = line.run("status", "1")

    assert outcome.code == 2
    for remedy in ("make up", ". .local/env", "HEIMDALL_API_URL"):
        assert remedy in outcome.err


def test_local_gateway_is_asked_unsigned_even_if_the_api_is_known_too(line, monkeypatch):
    monkeypatch.setenv("HEIMDALL_API_URL", API_URL)
    line.api.on("GET /job/1", reply(STATUS))

    assert line.run("status", "1").code == 0
    assert "authorization" not in line.api.requests[0].headers


def test_api_is_asked_signed(line, monkeypatch):
    monkeypatch.delenv("HEIMDALL_URL")
    monkeypatch.setenv("HEIMDALL_API_URL", API_URL)
    line.api.on(f"GET {API_URL}/api/v1/job/1", reply(STATUS))

    assert line.run("status", "1").code == 0
    assert "authorization" in line.api.requests[0].headers


def test_option_counts_more_than_the_environment(line):
    line.api.on(f"GET {API_URL}/api/v1/job/1", reply(STATUS))

    assert line.run("--api-url", API_URL, "status", "1").code == 0


def test_both_options_are_one_too_many(line):
    outcome = line.run("--url", URL, "--api-url", API_URL, "jobs")

    assert outcome.code == 2
    assert "not both" in outcome.err


def test_error_of_the_api_is_told_in_full(line):
    details = [{"path": "context.n", "message": "must be\x1b[31m a number"}, {"other": 1}]
    line.api.on("GET /job/1", error(422, "invalid_request", "bad\x1b[2J", details=details))

    outcome = line.run("status", "1")

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.splitlines() == [
        r"error: bad\x1b[2J",
        r"  context.n: must be\x1b[31m a number",
        '  {"other": 1}',
        "  (invalid_request, request request-1)",
    ]


@pytest.mark.parametrize(
    ("details", "shown"),
    [(None, []), ({"step": "command"}, ['  {"step": "command"}']), ("text", ['  "text"'])],
)
def test_details_in_any_form_are_told(line, details, shown):
    line.api.on("GET /job/1", reply({"message": "no", "details": details}, status=404))

    assert line.run("status", "1").err.splitlines() == ["error: no", *shown]


def test_api_that_does_not_answer_is_an_error(line):
    line.api.on("GET /job/1", failing(httpx.ConnectError("refused")))

    outcome = line.run("status", "1")

    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err == f"error: no connection to {URL}/: refused\n"


def test_gateway_needs_to_know_its_api(line):
    outcome = line.run("gateway")

    assert outcome.code == 2
    assert "HEIMDALL_API_URL" in outcome.err


def test_gateway_says_which_port_is_in_use(line, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        monkeypatch.setenv("HEIMDALL_PORT", port)
        outcome = line.run("--api-url", API_URL, "gateway")

    assert outcome.code == 1
    assert f"port {port} is in use" in outcome.err
    assert "HEIMDALL_PORT" in outcome.err


@pytest.mark.parametrize("port", ["70000", "-1", "http"])
def test_gateway_refuses_what_is_no_port(line, port):
    outcome = line.run("--api-url", API_URL, "gateway", "--port", port)

    assert outcome.code == 2
    assert "--port" in outcome.err


def test_gateway_refuses_what_is_no_address(line):
    outcome = line.run("--api-url", "example.com", "gateway", "--port", "0")

    assert outcome.code == 2
    assert "'example.com' is no address of an API" in outcome.err


@pytest.mark.parametrize("forwards", [True, False])
def test_gateway_is_set_up_as_the_options_say(line, monkeypatch, forwards):
    served: list[tuple[GatewaySettings, int]] = []

    def serve(settings: GatewaySettings, sockets: list[socket.socket]) -> None:
        served.append((settings, sockets[0].getsockname()[1]))
        for each in sockets:
            each.close()

    monkeypatch.setattr("heimdall_client._serving.serve", serve)
    monkeypatch.setattr("heimdall_client.gateway.build_app", lambda settings: settings)
    outcome = line.run(
        "--api-url", API_URL, "gateway", "--port", "0", *["--forward-user"] * forwards
    )

    settings, port = served[0]
    assert outcome.code == 0
    assert (settings.api_url, settings.port, settings.forward_user) == (API_URL, port, forwards)
    assert isinstance(settings.auth, SigV4Auth)
    assert f"http://127.0.0.1:{port}" in outcome.err


def test_command_called_without_its_group_is_a_mistake():
    with pytest.raises(TypeError):
        cli_gateway.gateway(typer.Context(typer.main.get_command(cli.app)))

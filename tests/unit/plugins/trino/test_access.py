"""Who asks, over which way: passwords, certificates, names; no secret comes out again."""

import base64
import json
import socket
from typing import Any

import pytest

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.result import Result
from heimdall.plugin.secret import SecretReader
from heimdall.plugin.spec import RunHandle, RunState
from heimdall.plugins.trino.plugin import TrinoPlugin
from tests.fakes.engines.bench import Output
from tests.fakes.engines.kubernetes import make_certificate
from tests.fakes.engines.trino_queries import column
from tests.fakes.engines.trino_server import FakeTrino, serve
from tests.fakes.runs import make_registry, make_run_request, secret_store

CANARY = "canary-8d1f'\"\\ü"
SECRETS = {"ssm:/heimdall/trino": CANARY}


@pytest.fixture
def trino():
    return FakeTrino()


@pytest.fixture
def cluster(trino) -> dict[str, Any]:
    """The context of a cluster that wants a password, and shows a certificate of its own."""
    endpoint, certificate = serve(trino, has_tls=True)
    trino.password = CANARY
    return {
        "endpoint": endpoint,
        "user": "gateway",
        "password": "ssm:/heimdall/trino",
        "ca_certificate": certificate,
    }


def run_at(cluster, **changes):
    return make_run_request(
        "trino",
        registry=make_registry(),
        context={"query": "select 1"},
        cluster_context=cluster,
        secrets=SECRETS,
        **changes,
    )


def stored(handle: RunHandle, output: Output) -> RunHandle:
    """Give the handle as another function gets it."""
    reader = SecretReader(secret_store(SECRETS), output.redactor)
    values = json.loads(json.dumps(dict(handle.values)))
    return RunHandle(values=values, read_secret=reader.reveal_again)


def test_password_goes_to_the_coordinator_and_nowhere_else(trino, cluster):
    run, plugin, output = run_at(cluster), TrinoPlugin(), Output()
    started = plugin.start(run)
    handle = stored(started, output)
    plugin.poll(handle)
    query = trino.queries[handle.values["query"]]
    query.answer([column(CANARY, "varchar", 20)], [[f"it is {CANARY}."]])
    report = plugin.poll(handle)

    result = plugin.collect(handle, report, output)

    assert isinstance(result, Result)
    assert trino.asked[0][2]["Authorization"] == (
        "Basic " + base64.b64encode(f"gateway:{CANARY}".encode()).decode()
    )
    shown = [repr(started), repr(handle), repr(report), result.to_json(), repr(plugin)]
    shown += [output.stdout.text, output.stderr.text, json.dumps(dict(started.values))]
    assert [text for text in shown if "canary" in text] == []
    assert result.rows == [["it is [secret]."]]


def test_query_runs_in_the_name_of_the_jobs_user_or_in_the_clusters(trino, cluster):
    plugin = TrinoPlugin()
    for impersonates, user in ((True, "ada"), (False, "gateway")):
        plugin.start(run_at({**cluster, "impersonates": impersonates}))

        assert trino.asked[-1][2]["X-Trino-User"] == user


def test_wrong_password_is_an_error_that_stays_and_does_not_tell_it(trino, cluster):
    trino.password = "another"

    with pytest.raises(PluginError, match="401: Invalid credentials") as raised:
        TrinoPlugin().start(run_at(cluster))

    assert not isinstance(raised.value, TransientPluginError)
    assert "canary" not in str(raised.value)


def test_wrong_certificate_is_an_error_that_stays(trino, cluster):
    _, other = make_certificate()
    for authority in (other.decode(), None):
        with pytest.raises(PluginError, match="certificate") as raised:
            TrinoPlugin().start(run_at({**cluster, "ca_certificate": authority}))

        assert not isinstance(raised.value, TransientPluginError)
    assert trino.asked == []


def test_certificate_is_not_looked_at_where_the_cluster_says_so(trino, cluster):
    context = {**cluster, "ca_certificate": None, "verify": False}
    plugin, output = TrinoPlugin(), Output()

    handle = stored(plugin.start(run_at(context)), output)

    assert plugin.poll(handle).state is RunState.RUNNING


def test_certificate_that_is_none_is_told():
    context = {"endpoint": "https://trino.example.com", "ca_certificate": "nonsense"}

    with pytest.raises(PluginError, match="ca_certificate is no certificate"):
        TrinoPlugin().start(run_at(context))


@pytest.mark.parametrize(
    ("code", "is_transient"), [(socket.EAI_NONAME, False), (socket.EAI_AGAIN, True)]
)
def test_host_that_does_not_resolve(monkeypatch, code, is_transient):
    def resolve(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(code, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    with pytest.raises(PluginError, match=r"trino\.invalid:8080 cannot be reached") as raised:
        TrinoPlugin().start(run_at({"endpoint": "http://trino.invalid:8080"}))

    assert isinstance(raised.value, TransientPluginError) is is_transient


def test_coordinator_that_is_not_there_is_asked_again():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

    with pytest.raises(TransientPluginError, match="cannot be reached"):
        TrinoPlugin().start(run_at({"endpoint": f"http://127.0.0.1:{port}"}))


def test_answers_do_not_send_credentials_elsewhere(trino, cluster):
    """The addresses in answers name a host of their own; only their paths are used."""
    plugin, output = TrinoPlugin(), Output()
    handle = plugin.start(run_at(cluster))

    assert handle.values["path"].startswith("/v1/statement/queued/")
    assert plugin.poll(stored(handle, output)).state is RunState.RUNNING

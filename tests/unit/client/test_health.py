import pytest

from heimdall_client import (
    Client,
    HealthNotCheckedError,
    InternalError,
    ThrottledError,
    UnavailableError,
)
from tests.unit.client.scripted_api import URL, ScriptedApi, error, reply

CHECK = {"cluster_id": "east", "plugin": "ping", "status": "ok", "latency_ms": 12}


@pytest.fixture
def api() -> ScriptedApi:
    return ScriptedApi()


@pytest.fixture
def client(api):
    with Client(URL, transport=api.transport) as client:
        yield client


def test_healthy_clusters_are_told(api, client):
    api.on("GET /clusters/health", reply({"healthy": True, "checks": [CHECK]}))

    health = client.check_health()

    assert health.healthy
    assert health.checks[0].latency_ms == 12


def test_unhealthy_cluster_is_an_answer_and_no_error(api, client):
    sick = {"healthy": False, "checks": [CHECK | {"status": "error", "error": "no answer"}]}
    api.on("GET /clusters/health", reply(sick, status=503))
    api.on("GET /cluster/east/health", reply(sick))

    assert client.check_health().checks[0].error == "no answer"
    assert not client.check_cluster_health("east").healthy


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (error(503, "store_throttled"), ThrottledError),
        (reply({"message": "Service Unavailable"}, status=503), UnavailableError),
        (reply(content=b"<html>", status=503), UnavailableError),
        (reply({}, status=503), UnavailableError),
        (reply({"healthy": False, "checks": []}, status=500), InternalError),
    ],
)
def test_api_that_is_unavailable_is_an_error(api, client, trouble, kind):
    api.on("GET /clusters/health", trouble)

    with pytest.raises(kind):
        client.check_health()


def test_cluster_that_is_not_checked_is_an_error(api, client):
    api.on("GET /cluster/east/health", error(404, "health_not_checked"))

    with pytest.raises(HealthNotCheckedError):
        client.check_cluster_health("east")

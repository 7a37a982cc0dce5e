"""What health asks of an API."""

import pytest

from heimdall.domain.errors import PluginError
from heimdall.plugin.spec import HealthRequest
from heimdall.plugins.http.plugin import HttpPlugin
from tests.fakes.runs import make_identity
from tests.unit.plugins.http.api import Api, Reply, make_call, served


@pytest.fixture
def api():
    with served(Api()) as made:
        yield made


def health(api, seconds_left=10.0, **cluster):
    run = make_call(api, {"path": "/x"}, cluster=cluster, secrets={"ssm:/heimdall/t": "canary-1"})
    request = HealthRequest(
        cluster=run.cluster,
        cluster_options=run.cluster_options,
        seconds_left=seconds_left,
        identity=make_identity(),
    )
    return HttpPlugin().health(request)


def test_path_that_answers_is_healthy(api):
    api.replies["/up"] = Reply(b"ok")

    report = health(api, health_path="/up", secret_headers={"X-Key": "ssm:/heimdall/t"})

    assert report.is_healthy
    assert [(asked.method, asked.path) for asked in api.asked] == [("GET", "/up")]
    assert api.asked[0].headers["x-key"] == "canary-1"


def test_path_that_fails_is_not(api):
    api.replies["/up"] = Reply(b"down", status=500)

    with pytest.raises(PluginError, match="status 500: down"):
        health(api, health_path="/up")


def test_path_that_does_not_answer_in_time_is_not(api):
    import threading

    done = threading.Event()
    api.replies["/up"] = lambda asked: Reply(b"x" if done.wait(10) else b"")

    report = health(api, seconds_left=0.2, health_path="/up")
    done.set()

    assert not report.is_healthy
    assert report.detail == "no answer in time"


def test_without_a_path_only_the_address_is_looked_at(api):
    assert health(api).is_healthy
    with pytest.raises(PluginError, match="not public"):
        health(api, allow_private=False)
    assert api.asked == []


def test_without_a_base_url_nothing_is_asked(api):
    assert health(api, base_url=None).is_healthy

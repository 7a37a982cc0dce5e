"""To whom http shows the cluster's own headers."""

import pytest

from heimdall.plugin.spec import RunState
from heimdall.plugins.http.plugin import HttpPlugin
from tests.unit.plugins.http.api import Api, Reply, make_call, served

TOKEN = "Bearer canary-5e1"


@pytest.fixture
def others():
    with served(Api()) as api, served(Api()) as other:
        api.replies["/x"] = other.replies["/x"] = Reply([1])
        yield api, other


def asked_of(api, other, called, **cluster):
    run = make_call(
        api,
        {"url": f"http://{called.host}/x"},
        cluster={
            "allowed_hosts": [api.host, other.host],
            "secret_headers": {"Authorization": "ssm:/heimdall/token"},
            **cluster,
        },
        secrets={"ssm:/heimdall/token": TOKEN},
    )
    assert HttpPlugin().start(run).state is RunState.SUCCEEDED
    return called.asked[0].headers


def test_headers_of_the_cluster_stay_with_its_base_url(others):
    api, other = others

    assert asked_of(api, other, api)["authorization"] == TOKEN
    assert "authorization" not in asked_of(api, other, other)


def test_without_a_base_url_they_go_to_whom_the_job_calls(others):
    api, other = others

    assert asked_of(api, other, other, base_url=None)["authorization"] == TOKEN

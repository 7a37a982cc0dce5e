import tomllib
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

import heimdall_client
from heimdall_client import (
    Client,
    ClusterDefinition,
    JobLimits,
    JobRequest,
    JobRetries,
    JobStatus,
    SigV4Auth,
)
from tests.unit.client.scripted_api import URL, ScriptedApi, reply

JOB = {"id": "1", "name": "a", "status": "SUCCEEDED", "created_at": 1_800_000_000}


@pytest.fixture
def api() -> ScriptedApi:
    return ScriptedApi()


@pytest.fixture
def client(api):
    with Client(URL, transport=api.transport) as client:
        yield client


def test_submit_job_sends_what_was_given_and_reads_the_result(api, client):
    result = {"columns": [{"name": "message", "type": "string"}], "data": [["Hello, you!"]]}
    api.on("POST /job", reply(JOB | {"result": result}))

    job = client.submit_job(
        JobRequest(
            name="ping-test", command_criteria=["type:ping"], cluster_criteria=["type:localhost"]
        )
    )

    assert job.is_final
    assert job.status == JobStatus.SUCCEEDED
    assert job.result.data == [["Hello, you!"]]
    assert api.bodies == [
        {
            "name": "ping-test",
            "context": {},
            "command_criteria": ["type:ping"],
            "cluster_criteria": ["type:localhost"],
        }
    ]
    assert api.requests[0].headers["content-type"] == "application/json"


def test_submit_job_that_goes_on_is_given_back_as_it_stands(api, client):
    api.on("POST /job", reply(JOB | {"status": "RUNNING"}, status=202))

    job = client.submit_job(
        JobRequest(
            name="a",
            version="1",
            description="why",
            tags=["team:a"],
            context={"delay_seconds": 60},
            command_criteria=["c"],
            cluster_criteria=["l"],
            limits=JobLimits(run_seconds=60),
            retries=JobRetries(max_runs=3),
        )
    )

    assert not job.is_final
    assert set(api.bodies[0]) == set(JobRequest.model_fields) - {"reuse"}  # if it is asked for


def test_job_is_read_with_fields_that_only_a_newer_api_knows(api, client):
    api.on("GET /job/1", reply(JOB | {"status": "PAUSED", "cost": {"usd": 1}}))

    job = client.get_job("1")

    assert (job.status, job.is_final) == ("PAUSED", False)
    assert job.model_dump()["cost"] == {"usd": 1}
    assert job.tags == []


def test_status_and_end_of_a_job(api, client):
    api.on("GET /job/1/status", reply({"status": "FAILED", "error": "x"}))
    api.on("POST /job/1/cancel", reply({"status": "CANCELING"}))

    assert client.get_job_status("1").error == "x"
    assert client.cancel_job("1") == "CANCELING"


@pytest.mark.parametrize("definition", [{}, {"name": ""}, {"name": "a", "statsu": "ACTIVE"}])
def test_wrong_definition_is_refused_before_anything_is_sent(definition):
    with pytest.raises(ValidationError):
        ClusterDefinition(**definition)


@pytest.mark.parametrize("context", [{"a": float("nan")}, {"a": {1, 2}}, {"a": "\udcff"}, [1]])
def test_context_must_be_a_json_object(context):
    with pytest.raises(ValidationError):
        JobRequest(name="a", command_criteria=["c"], cluster_criteria=["l"], context=context)


def test_iterating_follows_the_cursors_page_by_page(api, client):
    api.on("GET /jobs", reply({"data": [JOB], "has_more": True, "next_cursor": "a+b/c="}))
    api.on(
        "GET /jobs?cursor=a%2Bb%2Fc%3D",
        reply({"data": [], "has_more": True, "next_cursor": "next"}),
    )
    api.on("GET /jobs?cursor=next", reply({"data": [JOB | {"id": "2"}], "has_more": False}))

    found = client.iterate_jobs()

    assert next(found).id == "1"
    assert len(api.requests) == 1
    assert [job.id for job in found] == ["2"]


def test_page_of_jobs_is_asked_for_with_its_size(api, client):
    api.on("GET /jobs?limit=5&cursor=x", reply({"data": [JOB]}))

    page = client.list_jobs(limit=5, cursor="x")

    assert page.data[0].id == "1"
    assert not page.has_more


def test_ids_are_one_segment_of_the_path_whatever_they_contain(api, client):
    api.on("GET /command/a%2F..%3F%23%25%20%F0%9F%98%80", reply({"id": "x"}))

    client.commands.get("a/..?#% 😀")

    assert api.requests[0].url.query == b""


def test_user_and_program_are_named(api):
    api.on("GET /job/1", reply(JOB))

    with Client(URL, transport=api.transport, user="test_user") as client:
        client.get_job("1")

    assert api.requests[0].headers["x-heimdall-user"] == "test_user"
    assert api.requests[0].headers["user-agent"] == f"heimdall-client/{heimdall_client.__version__}"


def test_requests_are_signed_if_asked_for():
    api = ScriptedApi().on("GET https://api.example.com/prod/api/v1/job/1", reply(JOB))

    with Client(
        "https://api.example.com/prod/", auth=SigV4Auth(), transport=api.transport
    ) as client:
        client.get_job("1")

    assert api.requests[0].headers["authorization"].startswith("AWS4-HMAC-SHA256")


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("http://127.0.0.1:1", False),
        ("http://localhost:1", False),
        ("http://[::1]:1", False),
        ("https://api.example.com", True),
        ("http://192.0.2.1", True),
    ],
)
def test_proxies_of_the_environment_are_for_other_machines(base_url, expected):
    with Client(base_url) as client:
        connection = client._connection
        assert {connection._api.trust_env, connection._plain.trust_env} == {expected}


def test_timeout_is_longer_than_api_gateways_own():
    with Client(URL) as client:
        assert client._connection._api.timeout == httpx.Timeout(35, connect=5)
    with Client(URL, timeout=1) as client:
        assert client._connection._api.timeout == httpx.Timeout(1)


def test_version_is_the_packages():
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())

    assert heimdall_client.__version__ == project["project"]["version"]


def test_what_is_exported_is_there_and_sorted():
    assert all(hasattr(heimdall_client, name) for name in heimdall_client.__all__)
    assert len(set(heimdall_client.__all__)) == len(heimdall_client.__all__)

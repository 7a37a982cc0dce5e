"""The client's side of the API and the functions' side agree: one talks to the other."""

import pytest

from heimdall.domain.errors import HeimdallError
from heimdall_client import (
    CatalogStatus,
    Client,
    CommandDefinition,
    CommandNotFoundError,
    InvalidPageTokenError,
    InvalidRequestError,
    InvalidTransitionError,
    JobNotFoundError,
    JobRequest,
    NoPairMatchesError,
    ResultNotFoundError,
    UnknownPluginError,
)
from heimdall_client._refusals import BY_CODE
from heimdall_client.catalog_file import read_catalog_file
from heimdall_client.plan import apply_plan, make_plan
from tests.factories import JOB_ID
from tests.functional.in_process import in_process

CATALOG = """\
commands:
- name: ping-async
  version: 0.0.1
  plugin: ping
  description: Says hello, later
  tags: [type:ping-async]
  cluster_tags: [type:localhost]
clusters:
- name: somewhere
  status: inactive
  tags: [type:elsewhere]
  context: {region: eu-west-1, ports: [1, 2.5], is_small: true, note: null}
"""


@pytest.fixture
def client(world):
    with Client("https://api.example.com", transport=in_process(world)) as client:
        yield client


def job_request(kind: str, **fields) -> JobRequest:
    return JobRequest(
        name="a job", command_criteria=[kind], cluster_criteria=["type:localhost"], **fields
    )


def test_sync_job_comes_back_with_its_result(client):
    job = client.submit_job(job_request("type:ping"))

    assert (job.status, job.is_sync, job.user) == ("SUCCEEDED", True, "alice")
    assert job.result == client.get_result(job.id)
    assert client.get_job(job.id).name == "a job"
    assert client.wait(job.id).id == job.id


def test_async_job_is_followed_to_its_end(client, world):
    job = client.submit_job(
        job_request("type:shell", context={"arguments": ["printf", "caf\u00e9 %s", "x" * 20_000]})
    )
    assert not client.get_job_status(job.id).is_final

    world.deliver_all()

    assert list(client.follow_stream(job.id, "stdout"))
    assert client.get_stdout(job.id).startswith("caf\u00e9 x".encode())
    assert len(client.get_stdout(job.id, offset=6)) == 20_000
    assert client.get_stderr(job.id) == b""
    with pytest.raises(ResultNotFoundError):
        client.get_result(job.id)


def test_job_is_canceled_once(client, world):
    job = client.submit_job(job_request("type:noop"))

    assert client.cancel_job(job.id) == "CANCELING"
    world.deliver_all()
    assert client.get_job_status(job.id).status == "CANCELED"
    with pytest.raises(InvalidTransitionError):
        client.cancel_job(job.id)


def test_listing_goes_page_by_page(client):
    ids = [client.submit_job(job_request("type:noop")).id for _ in range(5)]

    assert [job.id for job in client.iterate_jobs(page_size=2)] == ids[::-1]
    assert {command.id for command in client.commands.iterate()} >= {"ping", "shell"}
    assert [cluster.id for cluster in client.clusters.iterate()] == ["localhost"]


def test_status_of_an_entry_is_changed(client):
    assert client.commands.set_status("ping", CatalogStatus.INACTIVE) == "INACTIVE"
    assert client.commands.get("ping").status == "INACTIVE"
    assert client.clusters.set_status("localhost", "deleted") == "DELETED"


def test_refusals_come_as_the_errors_that_they_are(client):
    with pytest.raises(JobNotFoundError):
        client.get_job(JOB_ID)
    with pytest.raises(CommandNotFoundError):
        client.commands.get("naïve %20")
    with pytest.raises(InvalidPageTokenError):
        client.list_jobs(cursor="tampered")
    with pytest.raises(NoPairMatchesError):
        client.submit_job(job_request("type:nothing"))
    with pytest.raises(UnknownPluginError):
        client.commands.put("x", CommandDefinition(name="x", plugin="no-such-plugin"))
    with pytest.raises(InvalidRequestError) as caught:
        client.submit_job(job_request("type:noop", context={"outcome": 7}))
    assert caught.value.details[0]["path"] == "context.outcome"
    assert caught.value.request_id == "request-1"


def test_applying_a_file_twice_changes_nothing_the_second_time(client, tmp_path):
    path = tmp_path / "catalog.yaml"
    path.write_text(CATALOG)
    catalog = read_catalog_file(path)

    plan = make_plan(client, catalog)
    assert [step.action for step in plan] == ["add", "add"]
    assert apply_plan(client, plan) == 2

    assert [step.action for step in make_plan(client, catalog)] == ["leave", "leave"]
    assert client.clusters.get("somewhere").context == catalog.clusters["somewhere"].context
    assert client.commands.get("ping-async").status == "ACTIVE"


def test_every_code_has_its_error():
    def below(kind: type[HeimdallError]) -> set[type[HeimdallError]]:
        return {kind}.union(*(below(each) for each in kind.__subclasses__()))

    codes = {kind.code for kind in below(HeimdallError)}

    assert codes <= set(BY_CODE)

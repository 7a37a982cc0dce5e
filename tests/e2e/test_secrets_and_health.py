"""Secrets, attributes and health on the deployed functions, under enforced IAM."""

from collections.abc import Iterator
from typing import Any

import pytest

from local.environment import Environment
from tests.e2e.api import Api, wait_for
from tests.e2e.guarded import CANARY, TYPE, job_on, make_guarded, put, put_probed_cluster

SHOWN = ("stdout", "stderr", "detail", "result", "output", "crash", "log")


@pytest.fixture(scope="module", autouse=True)
def guarded(environment: Environment) -> None:
    with Api(environment.url) as gateway:
        make_guarded(gateway, environment)


def logged(environment: Environment) -> Iterator[str]:
    """All that the functions wrote into their logs."""
    logs = environment.client("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        events = logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
        yield from (event["message"] for event in events)


def stored(environment: Environment) -> Iterator[str]:
    """All that is in the tables and in the bucket."""
    dynamodb, s3 = environment.client("dynamodb"), environment.client("s3")
    for table in ("JobsTable", "CatalogTable"):
        for page in dynamodb.get_paginator("scan").paginate(TableName=environment.outputs[table]):
            yield from map(repr, page["Items"])
    bucket = environment.outputs["Bucket"]
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for found in page.get("Contents", []):
            yield repr(s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read())


def submitted(api: Api, body: dict[str, Any]) -> dict[str, Any]:
    """Submit as soon as `submit` has seen the new entries of the catalog."""
    return wait_for(
        lambda: (answer := api.request("POST", "/job", json=body)).is_success and answer.json(),
        seconds=10,
        what="the catalog to be seen",
    )


def test_canary_is_nowhere_to_be_found(gateway: Api, environment: Environment):
    jobs = {
        (command, where): submitted(gateway, job_on(cluster, command=command, show_token=where))
        for command, cluster in (("guarded", "secret"), ("guarded-async", "parameter"))
        for where in SHOWN
    }
    ends = {which: gateway.wait(job["id"]) for which, job in jobs.items()}

    assert ends["guarded", "detail"]["error"] == "token [secret] shown"
    assert ends["guarded-async", "crash"]["error"].endswith("RuntimeError: token [secret] shown")
    ids = [job["id"] for job in jobs.values()]
    paths = [f"/job/{job_id}{part}" for job_id in ids for part in PARTS] + ["/jobs", "/clusters"]
    answers = [str(job) for job in jobs.values()]
    answers += [gateway.request("GET", path).text for path in paths]
    assert any("token [secret] shown" in answer for answer in answers)
    for seen in (answers, stored(environment), logged(environment)):
        assert [text for text in seen if CANARY in text] == []


PARTS = ("", "/status", "/stdout", "/stderr", "/result")


def test_attributes_are_shown_while_the_job_runs_and_after(gateway: Api):
    put(
        gateway,
        "cluster/shown",
        name="shown",
        tags=[TYPE],
        attributes={
            "Run": {"kind": "text", "value": "{{ job.run }}"},
            "UI": {"kind": "link", "value": "https://ui/{{ outputs.id }}"},
        },
    )
    body = job_on("shown", command="guarded-async", delay_seconds=3, outputs={"id": "17"})
    job = submitted(gateway, body)

    running = gateway.wait(job["id"], until=("RUNNING",))
    assert running["job_attributes"] == {"Run": {"kind": "text", "value": "1"}}
    ended = gateway.wait(job["id"])
    assert ended["job_attributes"]["UI"] == {"kind": "link", "value": "https://ui/17"}


def test_clusters_are_probed_by_the_runners(gateway: Api):
    good = put_probed_cluster(gateway)
    bad = put_probed_cluster(gateway, is_healthy=False, token="ssm:/heimdall/e2e")

    def checks(path: str) -> Any:
        return wait_for(
            lambda: (
                [
                    check
                    for check in gateway.request("GET", path).json()["checks"]
                    if check["cluster_id"] in (good, bad) and check["plugin"] == "noop"
                ]
            ),
            seconds=10,
            what="the new clusters to be seen",
        )

    [found] = checks(f"/cluster/{good}/health")
    assert (found["status"], found["cluster_name"]) == ("ok", good)
    [found] = checks(f"/cluster/{bad}/health")
    assert found["error"] == "noop was asked to be unhealthy with [secret]"
    everything = wait_for(
        lambda: len(found := checks("/clusters/health")) > 1 and found,
        seconds=10,
        what="both clusters to be seen",
    )
    assert {check["cluster_id"]: check["status"] for check in everything} == {
        good: "ok",
        bad: "error",
    }
    assert gateway.request("GET", "/clusters/health").status_code == 503
    put(gateway, f"cluster/{bad}/status", status="DELETED")

"""What Heimdall's own web UI calls, screen by screen, and the fields that it depends on."""

from typing import Any

import pytest

from tests.factories import PROXY, job_request
from tests.functional.world import Answer, World

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
UI_USER = {"x-heimdall-user": "ada"}
"""The UI's server names its user; it is a trusted proxy here."""

SPARK_CONTEXT = {
    "properties": {"spark.executor.memory": "4g"},
    "queries_uri": "s3://bucket/queries",
    "results_uri": "s3://bucket/results",
    "logs_uri": "s3://bucket/logs",
}
JOB_FILTERS = ("id", "name", "username", "version", "cluster", "command", "status", "tags")


def call(world: World, path: str, **query: str) -> Any:
    """A fetch of the UI: no Authorization of its own, and `response.ok` is not looked at."""
    return world.get(f"/api/v1{path}", query, headers=UI_USER, user_arn=PROXY).body


def submit(world: World, **changes: Any) -> dict[str, Any]:
    answer = world.post("/api/v1/job", job_request(**changes), headers=UI_USER, user_arn=PROXY)
    assert answer.status == 200, answer.text
    job: dict[str, Any] = answer.body
    return job


def is_epoch_seconds(value: object) -> bool:
    return isinstance(value, int) and 1_500_000_000 < value < 5_000_000_000


@pytest.fixture
def job(world: World) -> dict[str, Any]:
    return submit(world, tags=["team:finance", "env:test"], version="1.2.3")


# --- jobs list


@pytest.mark.parametrize("order_by", ["created_at", "id", "updated_at"])
@pytest.mark.parametrize("direction", ["desc", "asc"])
def test_jobs_list_has_the_fields_of_its_rows(
    world: World, job: dict[str, Any], order_by: str, direction: str
) -> None:
    empty = dict.fromkeys(JOB_FILTERS, "")
    page = call(
        world, "/jobs", **empty, limit="20", order_by=order_by, direction=direction, cursor=""
    )

    assert page["has_more"] is False
    row = page["data"][0]
    assert row["id"] == job["id"]
    assert {"id", "name", "version", "user", "cluster_id", "command_id", "status"} <= set(row)
    assert is_epoch_seconds(row["created_at"])
    assert is_epoch_seconds(row["updated_at"])


@pytest.mark.parametrize("direction", ["desc", "asc"])
@pytest.mark.parametrize("order_by", ["created_at", "id", "updated_at"])
def test_next_button_leads_through_all_jobs(world: World, order_by: str, direction: str) -> None:
    ids = [submit(world)["id"] for _ in range(5)]
    seen: list[str] = []
    cursor = ""
    for _ in range(len(ids)):
        page = call(
            world, "/jobs", limit="2", order_by=order_by, direction=direction, cursor=cursor
        )
        seen += [row["id"] for row in page["data"]]
        cursor = page.get("next_cursor", "")
        assert bool(cursor) == page["has_more"]
        if not cursor:
            break

    assert sorted(seen) == sorted(ids)
    assert seen == sorted(ids, reverse=direction == "desc")


@pytest.mark.parametrize(
    ("name", "hit", "miss"),
    [
        ("name", "a j%", "b%"),
        ("username", "ada", "bob"),
        ("username", "a%", "b%"),
        ("version", "1.2.%", "2%"),
        ("cluster", "local%", "remote%"),
        ("command", "noop", "ping"),
        ("status", "NEW,RUNNING", "FAILED"),
        ("tags", "team:finance,env:test", "team:finance,env:prod"),
    ],
)
def test_each_filter_of_the_jobs_list(
    world: World, job: dict[str, Any], name: str, hit: str, miss: str
) -> None:
    found = call(world, "/jobs", **{name: hit}, limit="20")
    missed = call(world, "/jobs", **{name: miss}, limit="20")

    assert [row["id"] for row in found["data"]] == [job["id"]]
    assert missed["data"] == []


def test_jobs_are_filtered_by_id(world: World, job: dict[str, Any]) -> None:
    submit(world)

    for pattern in (job["id"], f"%{job['id'][4:]}"):
        assert [row["id"] for row in call(world, "/jobs", id=pattern)["data"]] == [job["id"]]


@pytest.mark.parametrize("noun", ["job", "command", "cluster"])
def test_statuses_are_a_bare_array(world: World, noun: str) -> None:
    statuses = call(world, f"/{noun}/statuses")

    assert statuses == sorted(statuses)
    assert all(status == status.upper() for status in statuses)


# --- job detail


def test_job_detail_has_its_fields(world: World, job: dict[str, Any]) -> None:
    shown = call(world, f"/job/{job['id']}")

    assert shown["command_name"] == "noop"
    assert shown["cluster_name"] == "localhost"
    assert shown.get("is_sync") is not True
    for array in ("tags", "command_criteria", "cluster_criteria"):
        assert isinstance(shown[array], list)
    assert {"team:finance", "env:test", "_name:a job"} <= set(shown["tags"])
    assert isinstance(shown["context"], dict)
    assert is_epoch_seconds(shown["created_at"])


def test_failed_job_shows_its_error_as_text(world: World) -> None:
    job = submit(world, context={"outcome": "failed"})
    world.deliver_all()

    shown = call(world, f"/job/{job['id']}")

    assert shown["status"] == "FAILED"
    assert isinstance(shown["error"], str)


def test_attributes_are_shown_by_label(world: World) -> None:
    world.put(
        "/api/v1/cluster/localhost",
        {
            "name": "localhost",
            "tags": ["type:localhost"],
            "attributes": {"Logs": {"kind": "link", "value": "https://logs.example/{{ job.id }}"}},
        },
    )
    job = submit(world)

    attributes = call(world, f"/job/{job['id']}")["job_attributes"]

    assert attributes == {"Logs": {"kind": "link", "value": f"https://logs.example/{job['id']}"}}


# --- cancel


def cancel(world: World, job_id: str) -> Answer:
    return world.post(f"/api/v1/job/{job_id}/cancel", headers=UI_USER, user_arn=PROXY)


def test_cancel_takes_no_body_and_answers_with_the_status(
    world: World, job: dict[str, Any]
) -> None:
    assert cancel(world, job["id"]).body["status"] == "CANCELING"


def test_cancel_that_is_refused_tells_why_as_text(world: World, job: dict[str, Any]) -> None:
    world.deliver_all()

    refused = cancel(world, job["id"])

    assert refused.body.get("status") != "CANCELING"
    assert isinstance(refused.body["error"], str)
    assert refused.status == 409


# --- links that open in a new tab


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_streams_open_in_a_tab(world: World, stream: str) -> None:
    script = "printf hello; printf hello >&2"
    job = submit(
        world, command_criteria=["type:shell"], context={"arguments": ["sh", "-c", script]}
    )
    world.deliver_all()

    answer = world.get(
        f"/api/v1/job/{job['id']}/{stream}", headers=BROWSER | UI_USER, user_arn=PROXY
    )

    assert answer.status == 200
    assert answer.text == "hello"
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("path", ["/job/{id}", "/job/{id}/result", "/commands", "/clusters"])
def test_json_opens_in_a_tab(world: World, path: str) -> None:
    job = submit(world, context={"payload": "one"})
    world.deliver_all()

    answer = world.get(
        f"/api/v1{path.format(id=job['id'])}", headers=BROWSER | UI_USER, user_arn=PROXY
    )

    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")


# --- commands and clusters


@pytest.mark.parametrize("key", ["spark-sql-3.5.3", "spark-sql"])
def test_command_detail_is_the_first_of_the_list_by_id_or_name(world: World, key: str) -> None:
    world.put(
        "/api/v1/command/spark-sql-3.5.3",
        {
            "name": "spark-sql",
            "version": "3.5.3",
            "description": "SQL on Spark",
            "plugin": "shell",
            "tags": ["type:sparksql"],
            "cluster_tags": ["type:spark"],
            "context": {"command": ["spark-sql"]},
        },
    )

    [shown] = call(world, "/commands", id=key)["data"]

    assert shown["id"] == "spark-sql-3.5.3"
    assert {"name", "version", "user", "description", "plugin", "status"} <= set(shown)
    assert shown["status"] == "ACTIVE"
    assert "type:sparksql" in shown["tags"]
    assert shown["cluster_tags"] == ["type:spark"]
    assert isinstance(shown["context"], dict)
    assert is_epoch_seconds(shown["created_at"])
    assert is_epoch_seconds(shown["updated_at"])


@pytest.mark.parametrize("key", ["emr-eks-1", "emr"])
def test_cluster_detail_is_the_first_of_the_list_by_id_or_name(world: World, key: str) -> None:
    world.put(
        "/api/v1/cluster/emr-eks-1",
        {
            "name": "emr",
            "version": "1",
            "description": "EMR on EKS",
            "tags": ["type:spark"],
            "context": SPARK_CONTEXT,
        },
    )

    [shown] = call(world, "/clusters", id=key)["data"]

    assert shown["id"] == "emr-eks-1"
    assert {"name", "version", "user", "description", "status"} <= set(shown)
    assert shown["context"]["properties"] == SPARK_CONTEXT["properties"]
    assert "type:spark" in shown["tags"]
    assert is_epoch_seconds(shown["created_at"])
    assert is_epoch_seconds(shown["updated_at"])


@pytest.mark.parametrize(
    ("path", "hit", "miss"),
    [
        ("/commands", {"name": "noop%", "plugin": "noop"}, {"plugin": "ping", "name": "noop%"}),
        ("/commands", {"version": "0.0.1", "name": "p%"}, {"version": "9%"}),
        ("/commands", {"username": "alice", "status": "ACTIVE"}, {"status": "DELETED"}),
        ("/clusters", {"name": "local%", "username": "a%"}, {"username": "bob"}),
        ("/clusters", {"status": "ACTIVE,INACTIVE"}, {"status": "INACTIVE"}),
    ],
)
def test_filters_of_commands_and_clusters(
    world: World, path: str, hit: dict[str, str], miss: dict[str, str]
) -> None:
    assert call(world, path, **hit)["data"]
    assert call(world, path, **miss)["data"] == []


# --- whatever goes wrong


@pytest.mark.parametrize(
    "path",
    ["/job/01a2b3c4-d5e6-7f01-8a2b-3c4d5e6f7a8b", "/job/none", "/command/none", "/nothing"],
)
def test_every_error_is_json_with_a_text(world: World, path: str) -> None:
    assert isinstance(call(world, path)["error"], str)

"""GET /clusters/health and /cluster/{id}/health: probed by the runners, kept for some seconds."""

import re

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError

from heimdall.domain.health import FRESH_MS
from heimdall.runtime import execute_runtime, query_runtime
from tests.factories import make_cluster
from tests.fakes.tables import JOBS

GOOD = {"tags": ["type:localhost"], "health_check": True}


def put_cluster(world, cluster_id, **changes):
    answer = world.put(f"/api/v1/cluster/{cluster_id}", {"name": cluster_id, **GOOD, **changes})
    assert answer.status == 200, answer.text
    query_runtime.cache_clear()


def of_plugin(answer, plugin="noop"):
    [check] = [check for check in answer.body["checks"] if check["plugin"] == plugin]
    return check


def forget_times(world):
    """Make all results so old that they are not the present ones any more."""
    dynamodb = boto3.client("dynamodb")
    for item in dynamodb.scan(TableName=JOBS)["Items"]:
        if item["pk"]["S"] == "HEALTH":
            outcome = re.sub(r'"checked_at_ms":\d+', '"checked_at_ms":7000', item["outcome"]["S"])
            dynamodb.put_item(TableName=JOBS, Item=item | {"outcome": {"S": outcome}})


def test_cluster_is_probed_by_every_plugin_that_fits(world):
    put_cluster(world, "good")

    answer = world.get("/api/v1/cluster/good/health")

    assert answer.status == 200
    assert answer.body["healthy"] is True
    checks = answer.body["checks"]
    assert [check["plugin"] for check in checks] == ["noop", "ping", "shell"]
    assert {check["status"] for check in checks} == {"ok"}
    assert all(check["checked_at"] > 1_700_000_000 for check in checks)
    assert set(checks[0]) == {
        *("cluster_id", "cluster_name", "plugin", "status", "latency_ms", "checked_at")
    }


def test_unhealthy_cluster_is_told_with_200_alone_and_503_among_all(world):
    put_cluster(world, "bad", context={"is_healthy": False})
    put_cluster(world, "good")
    put_cluster(world, "silent", health_check=False, context={"is_healthy": False})

    alone = world.get("/api/v1/cluster/bad/health")
    among = world.get("/api/v1/clusters/health")

    assert (alone.status, alone.body["healthy"]) == (200, False)
    assert of_plugin(alone)["status"] == "error"
    assert of_plugin(alone)["error"] == "noop was asked to be unhealthy"
    assert (among.status, among.body["healthy"]) == (503, False)
    assert [check["cluster_id"] for check in among.body["checks"]] == ["bad"] * 3 + ["good"] * 3


def test_administrative_status_is_not_changed_by_health(world):
    put_cluster(world, "bad", context={"is_healthy": False})

    world.get("/api/v1/clusters/health")

    assert world.get("/api/v1/cluster/bad/status").body["status"] == "ACTIVE"


def test_nothing_to_check_is_healthy(world):
    answer = world.get("/api/v1/clusters/health")

    assert (answer.status, answer.body) == (200, {"healthy": True, "checks": []})


def test_cluster_that_no_command_fits_is_unchecked(world):
    put_cluster(world, "lonely", tags=["type:nothing"])

    answer = world.get("/api/v1/clusters/health")

    assert (answer.status, answer.body["healthy"]) == (200, True)
    [check] = answer.body["checks"]
    assert (check["status"], check["plugin"]) == ("unchecked", "")
    assert check["error"] == "no active command fits it"
    assert world.calls["lambda.Invoke"] == 0


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        (None, 404, "cluster_not_found"),
        ({"health_check": False}, 404, "health_not_checked"),
        ({"status": "INACTIVE"}, 404, "health_not_checked"),
    ],
)
def test_cluster_that_is_not_probed_says_so(world, changes, status, code):
    if changes is not None:
        put_cluster(world, "c", **changes)

    answer = world.get("/api/v1/cluster/c/health")

    assert (answer.status, answer.body["code"]) == (status, code)
    assert world.get("/api/v1/clusters/health").body["checks"] == []


def test_results_are_used_again_for_some_seconds(world):
    put_cluster(world, "good")
    first = world.get("/api/v1/cluster/good/health").body
    world.calls.clear()

    assert world.get("/api/v1/cluster/good/health").body == first
    assert world.get("/api/v1/clusters/health").body == first
    assert world.calls["lambda.Invoke"] == 0
    forget_times(world)
    assert world.get("/api/v1/cluster/good/health").body["healthy"]
    assert world.calls["lambda.Invoke"] == 1


def test_changed_cluster_is_probed_anew(world):
    put_cluster(world, "c")
    assert world.get("/api/v1/cluster/c/health").body["healthy"]

    put_cluster(world, "c", context={"is_healthy": False})

    assert not world.get("/api/v1/cluster/c/health").body["healthy"]


def test_runner_that_cannot_be_invoked_is_an_error_of_its_checks(world):
    put_cluster(world, "good")
    world.refuse_invocations = True

    answer = world.get("/api/v1/clusters/health")

    assert answer.status == 503
    assert {check["status"] for check in answer.body["checks"]} == {"error"}
    assert of_plugin(answer)["error"].startswith("the runner could not be asked: ")
    world.refuse_invocations = False
    assert world.get("/api/v1/clusters/health").status == 200


@pytest.mark.parametrize(
    "trouble",
    [ConnectTimeoutError(endpoint_url="https://lambda"), RuntimeError("out of memory")],
)
def test_runner_that_dies_is_an_error_of_its_checks(world, trouble, monkeypatch):
    put_cluster(world, "good")
    if isinstance(trouble, RuntimeError):
        monkeypatch.setattr("functions.execute.handler.make_probes", fail_with(trouble))
    else:
        world.execute_answers = [trouble]

    answer = world.get("/api/v1/clusters/health")

    assert answer.status == 503
    assert "the runner could not be asked: " in of_plugin(answer)["error"]


def fail_with(error):
    def fail(*_, **__):
        raise error

    return fail


def test_probe_that_somebody_else_makes_shows_the_last_result(world):
    put_cluster(world, "c", context={"is_healthy": False})
    world.get("/api/v1/cluster/c/health")
    forget_times(world)
    cluster = make_cluster(id="c")
    claim(cluster, "noop")

    check = of_plugin(world.get("/api/v1/cluster/c/health"))

    assert check["status"] == "error"
    assert check["checked_at"] == 7


def test_first_probe_that_somebody_else_makes_is_unchecked(world):
    put_cluster(world, "c")
    claim(make_cluster(id="c"), "noop")

    check = of_plugin(world.get("/api/v1/cluster/c/health"))

    assert (check["status"], check["error"]) == ("unchecked", "it was not probed yet")


def claim(cluster, plugin):
    from heimdall.domain.health import Probe

    now_ms = query_runtime().clock.now_ms()
    claimed = execute_runtime().health.claim(
        Probe(cluster, plugin), now_ms=now_ms, until_ms=now_ms + FRESH_MS
    )
    assert claimed


def test_many_clusters_are_probed_in_batches_and_no_more_than_the_limit(world, monkeypatch):
    monkeypatch.setattr("functions.query.health.MAX_PROBES", 60)
    for number in range(70):
        put_cluster(world, f"c{number:02}", tags=["only:noop"])
    world.put(
        "/api/v1/command/noop-only",
        {"name": "noop-only", "plugin": "noop", "cluster_tags": ["only:noop"]},
    )
    query_runtime.cache_clear()
    world.calls.clear()

    first = world.get("/api/v1/clusters/health").body["checks"]
    second = world.get("/api/v1/clusters/health").body["checks"]

    assert [check["status"] for check in first] == ["ok"] * 60 + ["unchecked"] * 10
    assert [check["status"] for check in second] == ["ok"] * 70
    assert world.calls["lambda.Invoke"] == 2 + 1
    assert world.calls["dynamodb.BatchGetItem"] == 2


def test_secret_of_a_probe_is_in_no_answer_item_or_line(world, capsys, caplog):
    boto3.client("ssm").put_parameter(Name="/heimdall/t", Value="canary7", Type="SecureString")
    put_cluster(world, "c", context={"is_healthy": False, "token": "ssm:/heimdall/t"})

    answer = world.get("/api/v1/cluster/c/health")

    assert of_plugin(answer)["error"] == "noop was asked to be unhealthy with [secret]"
    stored = repr(boto3.client("dynamodb").scan(TableName=JOBS)["Items"])
    lines = capsys.readouterr()
    assert "canary7" not in answer.text + stored + lines.out + lines.err + caplog.text


def test_health_is_for_viewers(world):
    put_cluster(world, "good")

    assert world.get("/api/v1/clusters/health", user_arn=None).status == 401

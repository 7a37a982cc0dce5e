"""What sparkeks does beside what all plugins for engines do, over a real connection."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import ResultForm
from heimdall.plugin.spec import HealthReport, HealthRequest, RunState
from heimdall.plugins.sparkeks.eks import make_token
from tests.fakes.engines import spark_files
from tests.fakes.engines.bench import EngineBench, Output, bench_of
from tests.fakes.engines.kubernetes import APPLICATIONS, make_certificate
from tests.fakes.engines.sparkeks import SparkEksDriver
from tests.fakes.runs import JOB_ID, make_identity

OUTPUT = f"s3://spark-data/jobs/{JOB_ID}/1/results"
OF_APPLICATIONS = "/apis/sparkoperator.k8s.io/v1beta2/namespaces/default/sparkapplications"


@pytest.fixture
def bench() -> Iterator[EngineBench]:
    with bench_of(SparkEksDriver) as made:
        yield made


class OneClient:
    """Gives one client to all who ask, as the cache of clients does."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def client(self, *_: Any, **__: Any) -> Any:
        return self._client


def health(bench: EngineBench) -> HealthReport:
    run = bench.run()
    return bench.plugin.health(
        HealthRequest(
            cluster=run.cluster,
            cluster_options=run.cluster_options,
            seconds_left=10.0,
            identity=make_identity(job_id="", run=0),
        )
    )


def add_driver(bench: EngineBench, handle: Any, log: bytes, phase: str = "Succeeded") -> None:
    application = handle.values["application"]
    bench.driver.kubernetes.add_pod(f"{application}-driver", application, "driver", phase)
    bench.driver.kubernetes.logs[f"{application}-driver"] = log


def test_statement_is_uploaded_and_the_wrapper_is_told_of_it(bench):
    handle = bench.start()

    query = f"jobs/{JOB_ID}/1/queries/query.sql"
    assert spark_files.read(f"s3://spark-data/{query}") == b"SELECT n FROM lake.t"
    spec = bench.driver.application(handle.values)["spec"]
    assert spec["arguments"][:4] == [
        *("--query", f"s3a://spark-data/{query}", "--output", OUTPUT.replace("s3:", "s3a:")),
    ]
    assert handle.outputs["spark_application_id"] == handle.values["application"]


def test_token_is_a_presigned_request_whose_header_names_the_cluster():
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    sts = boto3.client("sts", region_name="eu-west-1", **keys)
    signed: list[str] = []
    sts.meta.events.register_last(
        "before-sign.sts.GetCallerIdentity",
        lambda request, **_: signed.append(request.headers["x-k8s-aws-id"]),
    )

    for name in ("lake", "river", "lake"):
        token = make_token(OneClient(sts), make_identity(), name)

        encoded = token.removeprefix("k8s-aws-v1.")
        assert "=" not in encoded
        url = urlsplit(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode())
        query = parse_qs(url.query)
        assert url.netloc == "sts.eu-west-1.amazonaws.com"
        assert query["X-Amz-SignedHeaders"] == ["host;x-k8s-aws-id"]
        assert query["X-Amz-Expires"] == ["60"]
        assert "ClusterName" not in query
    assert signed == ["lake", "river", "lake"]


def test_error_of_the_api_server_is_no_end_of_the_run(bench):
    handle = bench.start()
    refusals = bench.driver.kubernetes.refusals

    for status, failure in (
        (429, Failure.THROTTLED),
        (500, Failure.ENGINE_FAULT),
        (503, Failure.ENGINE_FAULT),
        (401, Failure.ENGINE_FAULT),
        (403, Failure.ENGINE_FAULT),
    ):
        refusals["GET"] = (status, "not now")
        with pytest.raises(TransientPluginError, match="not now") as raised:
            bench.plugin.poll(handle)
        assert raised.value.failure is failure
    refusals.clear()

    assert bench.plugin.poll(handle).state is RunState.RUNNING


@pytest.mark.parametrize(
    ("status", "message", "kind", "failure"),
    [
        (403, "forbidden: exceeded quota: compute", TransientPluginError, Failure.NO_CAPACITY),
        (403, "the role may not", PluginError, None),
        (401, "Unauthorized", PluginError, None),
        (422, "spec.sparkVersion: Required value", PluginError, None),
        (500, "etcd is full", TransientPluginError, Failure.ENGINE_FAULT),
    ],
)
def test_refused_start_says_why(bench, status, message, kind, failure):
    bench.driver.kubernetes.refusals[f"POST {OF_APPLICATIONS}"] = (status, message)

    with pytest.raises(PluginError, match=message) as raised:
        bench.start()

    assert (type(raised.value), raised.value.failure) == (kind, failure)


def test_api_server_that_does_not_answer_is_looked_for_again(bench):
    handle = bench.start()
    there = bench.driver.cluster.endpoint
    bench.plugin._connections._known.clear()
    bench.driver.cluster.endpoint = "https://127.0.0.1:1"
    with pytest.raises(TransientPluginError, match="cannot be reached"):
        bench.plugin.poll(handle)

    bench.driver.cluster.endpoint = there

    assert bench.plugin.poll(handle).state is RunState.RUNNING


def test_api_server_with_another_certificate_is_not_talked_to(bench):
    handle = bench.start()
    bench.plugin._connections._known.clear()
    _, other = make_certificate()
    bench.driver.cluster.certificate_authority = {"data": base64.b64encode(other).decode()}

    with pytest.raises(TransientPluginError, match="CERTIFICATE_VERIFY_FAILED"):
        bench.plugin.poll(handle)


def test_where_the_cluster_is_is_asked_once(bench):
    aws = bench.plugin._aws
    aws.asked.clear()
    handle = bench.start()
    for _ in range(5):
        bench.plugin.poll(handle)

    assert [service for service, *_ in aws.asked].count("eks") == 1


def test_cancel_is_over_when_application_and_pods_are_gone(bench):
    handle = bench.start()
    add_driver(bench, handle, b"", "Running")
    bench.plugin.cancel(handle)
    deleted = bench.plugin.poll(handle)
    bench.driver.finish_cancel(handle.values)
    stopping = bench.plugin.poll(handle)
    bench.driver.kubernetes.objects["pods"].clear()

    assert (deleted.state, deleted.detail) == (
        RunState.RUNNING,
        "the application is being deleted",
    )
    assert stopping.state is RunState.RUNNING
    assert "1 of its pods" in stopping.detail
    assert bench.plugin.poll(handle).state is RunState.CANCELED


def test_application_that_ends_during_a_cancel_keeps_its_end(bench):
    handle = bench.start()
    kubernetes = bench.driver.kubernetes
    kubernetes.refusals[f"DELETE {OF_APPLICATIONS}"] = (409, "it has changed")
    with pytest.raises(TransientPluginError, match="changed meanwhile"):
        bench.plugin.cancel(handle)
    kubernetes.refusals.clear()
    bench.driver.succeed(handle.values)

    bench.plugin.cancel(handle)

    assert bench.plugin.poll(handle).state is RunState.SUCCEEDED
    assert bench.collect(handle).results[ResultForm.PARQUET] == spark_files.PARQUET


def test_application_that_was_never_made_is_canceled_without_a_mark(bench):
    handle = bench.start()
    bench.driver.forget(handle.values)

    bench.plugin.cancel(handle)

    with pytest.raises(PluginError, match="somebody has deleted"):
        bench.plugin.poll(handle)


@pytest.mark.parametrize("how", ["succeed", "fail_as_user"])
def test_drivers_log_is_given_however_the_run_ended(bench, how):
    handle = bench.start()
    add_driver(bench, handle, b"INFO started\nWARN slow\n")
    bench.driver.kubernetes.add_pod("executor", handle.values["application"], "executor")
    getattr(bench.driver, how)(handle.values)

    output = bench.collect(handle)

    assert output.stderr.text == "INFO started\nWARN slow\n"
    assert bool(output.results) is (how == "succeed")


def test_of_a_long_log_the_end_is_given_with_a_note(bench):
    handle = bench.start()
    lines = b"".join(b"line %08d\n" % number for number in range(400_000))
    add_driver(bench, handle, lines)
    bench.driver.succeed(handle.values)

    note, _, end = bench.collect(handle).stderr.data.partition(b"\n")

    assert note.startswith(b"[heimdall: only the last 4,194,304 bytes of the log of heimdall-")
    assert end == lines[-4 * 1024 * 1024 :]


def test_log_that_may_not_be_read_keeps_nobody_from_the_result(bench):
    handle = bench.start()
    add_driver(bench, handle, b"secret")
    bench.driver.succeed(handle.values)
    bench.driver.kubernetes.refusals["GET /api/v1"] = (403, "pods is forbidden")

    output = bench.collect(handle)

    assert "[heimdall: there is no log here:" in output.stderr.text
    assert ResultForm.JSON in output.results


def test_cluster_that_went_away_keeps_nobody_from_the_result(bench):
    handle = bench.start()
    bench.driver.succeed(handle.values)
    report = bench.plugin.poll(handle)
    bench.plugin._connections._known.clear()
    boto3.client("eks").delete_cluster(name="lake")
    output = Output()

    bench.plugin.collect(handle, report, output)

    assert "ResourceNotFoundException" in output.stderr.text
    assert ResultForm.JSON in output.results


def test_log_that_cannot_be_read_now_is_tried_again(bench):
    handle = bench.start()
    add_driver(bench, handle, b"")
    bench.driver.succeed(handle.values)
    bench.driver.kubernetes.refusals["GET /api/v1"] = (503, "not now")

    with pytest.raises(TransientPluginError):
        bench.collect(handle)


def test_success_without_the_wrappers_report_is_none(bench):
    handle = bench.start()
    bench.driver.say(handle.values, "COMPLETED")

    with pytest.raises(PluginError, match="no report"):
        bench.collect(handle)


def test_template_may_be_in_s3_as_json(bench):
    uri = "s3://spark-data/template.json"
    spark_files.put(uri, json.dumps({"spec": {"sparkVersion": "3.5.6"}}).encode())
    bench.driver.cluster_context = {"cluster_name": "lake", "spark_application_file": uri}

    spec = bench.driver.application(bench.start().values)["spec"]

    assert spec["sparkVersion"] == "3.5.6"


@pytest.mark.parametrize("content", [b"kind: SparkApplication", b'{"kind": "Pod"}', b"[]"])
def test_template_that_is_none_starts_nothing(bench, content):
    uri = "s3://spark-data/template.json"
    spark_files.put(uri, content)
    bench.driver.cluster_context = {"cluster_name": "lake", "spark_application_file": uri}

    with pytest.raises(PluginError, match=r"template\.json cannot be read as JSON"):
        bench.start()

    assert bench.driver.started() == 0


def test_template_that_is_missing_or_too_large_starts_nothing(bench):
    uri = "s3://spark-data/template.json"
    bench.driver.cluster_context = {"cluster_name": "lake", "spark_application_file": uri}
    with pytest.raises(PluginError, match="NoSuchKey"):
        bench.start()

    spark_files.put(uri, b" " * (1024 * 1024 + 1))
    with pytest.raises(PluginError, match="more than 1,048,576 bytes"):
        bench.start()


def test_search_looks_at_every_page_and_at_no_ended_application(bench):
    handles = [
        bench.start(run=run, token=f"t-{run}", identity=make_identity(run=run))
        for run in range(1, 8)
    ]
    bench.driver.succeed(handles[2].values)
    objects = bench.driver.kubernetes.objects[APPLICATIONS]
    objects["theirs"] = {"metadata": {"name": "theirs", "labels": {"heimdall/job": "x"}}}

    assert {run for _, run in bench.found()} == {1, 2, 4, 5, 6, 7}


def test_cluster_is_healthy_if_it_is_active_and_has_the_operator(bench):
    assert health(bench).is_healthy
    bench.driver.kubernetes.refusals["GET /apis"] = (404, "not found")
    assert health(bench).detail == "the cluster has no spark-operator"
    bench.driver.cluster.status = "UPDATING"
    assert health(bench).detail == "the cluster is UPDATING"
    bench.driver.cluster.endpoint = None
    with pytest.raises(PluginError, match="no API server: UPDATING"):
        health(bench)


def test_cluster_that_is_not_there_starts_nothing(bench):
    bench.driver.cluster_context = {"cluster_name": "river"}

    with pytest.raises(PluginError, match="ResourceNotFoundException"):
        bench.start()

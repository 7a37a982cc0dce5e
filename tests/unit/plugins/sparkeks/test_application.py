"""The application that a run is, its name and its states."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunState
from heimdall.plugins.sparkeks.application import Settings, labels_of, manifest_of, name_of, run_of
from heimdall.plugins.sparkeks.options import OPTIONS, ApplicationTemplate
from heimdall.plugins.sparkeks.status import has_ended, report_of
from heimdall.spark.program import Program
from tests.fakes.runs import JOB_ID, make_identity

PROGRAM = Program(entry_point="s3://lake/w.py", arguments=("--query", "s3://lake/q.sql"))
JOB, COMMAND, CLUSTER = {"query": "SELECT 1"}, {"jobs_uri": "s3://lake"}, {"cluster_name": "lake"}


def manifest(job=None, command=None, cluster=None, template=None, **identity):
    settings = Settings(
        job=OPTIONS.job.model_validate({**JOB, **(job or {})}),
        command=OPTIONS.command.model_validate({**COMMAND, **(command or {})}),
        cluster=OPTIONS.cluster.model_validate({**CLUSTER, **(cluster or {})}),
        template=ApplicationTemplate.model_validate(template or {}),
    )
    return manifest_of(make_identity(**identity), settings, PROGRAM)


def application(state, message="", **metadata):
    told = {"applicationState": {"state": state, "errorMessage": message}}
    return {"metadata": metadata, "status": told}


def test_application_runs_the_wrapper_by_way_of_hadoops_file_system():
    spec = manifest()["spec"]

    assert spec["type"] == "Python"
    assert spec["mainApplicationFile"] == "s3a://lake/w.py"
    assert spec["arguments"] == ["--query", "s3a://lake/q.sql"]
    assert spec["restartPolicy"] == {"type": "Never"}
    assert spec["timeToLiveSeconds"] == 86_400


def test_template_is_kept_but_for_what_a_run_sets():
    template = {
        "apiVersion": "sparkoperator.k8s.io/v1beta2",
        "kind": "SparkApplication",
        "metadata": {"labels": {"team": "lake", "heimdall/job": "theirs"}},
        "spec": {
            "type": "Scala",
            "mainClass": "A",
            "sparkVersion": "3.5.6",
            "timeToLiveSeconds": 60,
            "restartPolicy": {"type": "Always"},
            "driver": {"serviceAccount": "spark", "labels": {"team": "lake"}, "cores": 1},
            "executor": {"instances": 2},
            "sparkConf": {"spark.a": "template's"},
        },
    }

    made = manifest(template=template, cluster={"image": "spark:3.5.6", "region": "eu-west-1"})

    spec, labels = made["spec"], dict(labels_of(make_identity()))
    assert made["metadata"]["labels"] == {"team": "lake", **labels}
    assert (spec["type"], spec["restartPolicy"]) == ("Python", {"type": "Never"})
    assert "mainClass" not in spec
    assert (spec["sparkVersion"], spec["timeToLiveSeconds"]) == ("3.5.6", 60)
    assert (spec["image"], spec["sparkConf"]["spark.a"]) == ("spark:3.5.6", "template's")
    assert spec["driver"] == {
        "serviceAccount": "spark",
        "labels": {"team": "lake", **labels},
        "cores": 1,
        "envVars": {"AWS_REGION": "eu-west-1"},
    }
    assert spec["executor"] == {"instances": 2, "labels": labels}
    assert template["spec"]["driver"]["labels"] == {"team": "lake"}


def test_properties_lie_over_one_another_and_sizes_become_fields():
    made = manifest(
        template={"spec": {"sparkConf": {"spark.a": "t", "spark.b": "t"}}},
        cluster={"properties": {"spark.b": "c", "spark.c": "c", "spark.executor.memory": "2g"}},
        command={
            "properties": {"spark.c": "m", "spark.d": "m", "spark.executor.instances": "3"},
            "event_log_uri": "s3://lake/events",
        },
        job={"parameters": {"properties": {"spark.d": "j", "spark.executor.memory": "4g"}}},
    )

    conf = made["spec"]["sparkConf"]
    assert {name: value for name, value in conf.items() if len(name) == len("spark.a")} == {
        "spark.a": "t",
        "spark.b": "c",
        "spark.c": "m",
        "spark.d": "j",
    }
    assert conf["spark.eventLog.dir"] == "s3a://lake/events"
    assert conf["spark.app.name"] == name_of(make_identity())
    executor = made["spec"]["executor"]
    assert (executor["instances"], executor["memory"]) == (3, "4g")
    assert not [name for name in conf if name.startswith("spark.executor")]


@pytest.mark.parametrize(
    ("given_ones", "extensions"),
    [(None, "a.B,c.D"), ("x.Y", "x.Y,a.B,c.D"), ("c.D, x.Y", "c.D,x.Y,a.B")],
)
def test_no_job_does_without_the_required_extensions(given_ones, extensions):
    properties = {"spark.sql.extensions": given_ones} if given_ones else {}

    made = manifest(
        cluster={"required_spark_sql_extensions": "a.B, c.D"},
        job={"parameters": {"properties": properties}},
    )

    assert made["spec"]["sparkConf"]["spark.sql.extensions"] == extensions


@given(run=st.integers(1, 99_999), job_id=st.uuids(), deployment=st.text(max_size=40))
def test_name_is_short_enough_for_what_the_operator_appends_and_tells_the_run(
    run, job_id, deployment
):
    identity = make_identity(run=run, job_id=str(job_id), deployment=deployment)

    name = name_of(identity)

    assert len(f"{name}-ui-svc") <= 63
    assert run_of(name, identity) == (str(job_id), run)
    assert run_of(name, make_identity(deployment=f"{deployment}-other")) is None


@pytest.mark.parametrize("name", ["", "theirs", f"heimdall-{JOB_ID}-1"])
def test_other_names_are_no_runs(name):
    assert run_of(name, make_identity()) is None


@given(user=st.text(max_size=100), deployment=st.text(max_size=100))
def test_labels_are_what_kubernetes_takes(user, deployment):
    labels = labels_of(make_identity(user=user, deployment=deployment))

    for value in labels.values():
        assert len(value) <= 63
        assert value == value.strip("_.-")
        assert all(letter.isascii() and (letter.isalnum() or letter in "_.-") for letter in value)


@pytest.mark.parametrize(
    "state", ["", "SUBMITTED", "RUNNING", "SUCCEEDING", "FAILING", "PENDING_RERUN", "UNKNOWN"]
)
def test_only_ends_end_a_run(state):
    assert report_of(application(state)).state is RunState.RUNNING
    assert not has_ended(application(state))


def test_application_that_the_operator_has_not_seen_is_running():
    assert report_of({"metadata": {}}).state is RunState.RUNNING
    assert "deleted" in report_of({"metadata": {"deletionTimestamp": "now"}}).detail


@pytest.mark.parametrize("state", ["FAILED", "SUBMISSION_FAILED"])
@pytest.mark.parametrize(
    ("message", "failure"),
    [
        ("driver container failed with ExitCode: 137, Reason: OOMKilled", Failure.USER_ERROR),
        ("driver pod was Evicted. ExitCode: 143", Failure.SPOT_LOST),
        ("pods is forbidden: exceeded quota: compute", Failure.NO_CAPACITY),
        ("driver pod not found", Failure.ENGINE_FAULT),
        ("something new", None),
        ("", None),
    ],
)
def test_class_of_a_failure_comes_from_its_message(state, message, failure):
    report = report_of(application(state, message))

    assert (report.state, report.failure) == (RunState.FAILED, failure)
    assert report.detail.startswith(state)


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("job", {"return_result": True}),
        ("job", {"query": "SELECT 1", "arguments": ["1"]}),
        ("command", {}),
        ("command", {**COMMAND, "kube_namespace": "Not/One"}),
        ("command", {**COMMAND, "max_bytes": 10**12}),
        ("cluster", {}),
        ("cluster", {**CLUSTER, "spark_application_file": "/etc/heimdall/application.yaml"}),
        ("cluster", {**CLUSTER, "spark_application": {"kind": "Pod"}}),
        ("cluster", {**CLUSTER, "spark_application": {"status": {}}}),
        ("cluster", {**CLUSTER, "required_spark_sql_extensions": "a b"}),
    ],
)
def test_context_that_is_not_clear_is_refused(model, fields):
    with pytest.raises(ValidationError):
        getattr(OPTIONS, model).model_validate(fields)


@pytest.mark.parametrize("value", ["two", "0", "1.5", "-1", "٣"])
def test_size_that_is_no_whole_number_is_refused_at_submission(value):
    properties = {"spark.executor.instances": value}
    job = OPTIONS.job.model_validate({**JOB, "parameters": {"properties": properties}})
    command = OPTIONS.command.model_validate(COMMAND)

    with pytest.raises(ValueError, match="whole number"):
        OPTIONS.check(job, command, OPTIONS.cluster.model_validate(CLUSTER))

"""The contexts of ecs: Heimdall's words, and limits that a job cannot pass."""

import pytest
from pydantic import ValidationError

from heimdall.plugins.ecs.options import (
    OPTIONS,
    ClusterOptions,
    CommandOptions,
    JobOptions,
    check,
    size_of,
)
from heimdall.plugins.ecs.overrides import merged_overrides
from tests.fakes.engines.ecs import TEMPLATE


def make_command(**changes):
    return CommandOptions.model_validate({"task_definition_template": TEMPLATE, **changes})


def make_cluster(**changes):
    context = {
        "cluster_name": "jobs",
        "max_cpu": 1024,
        "max_memory": 2048,
        "max_task_count": 10,
        "vpc_config": {"subnets": ["subnet-1"], "security_groups": ["sg-1"]},
    }
    return ClusterOptions.model_validate({**context, **changes})


def refusal(job=None, command=None, cluster=None):
    with pytest.raises(ValueError, match=r"\w") as raised:
        check(
            JobOptions.model_validate(job or {}),
            make_command(**(command or {})),
            make_cluster(**(cluster or {})),
        )
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("1h", 3_600), ("2h15m30s", 8_130), ("1.5h", 5_400), ("90000ms", 90)],
)
def test_durations_are_written_as_in_heimdall(text, seconds):
    assert make_command(timeout=text).timeout == seconds


@pytest.mark.parametrize("text", ["", "1", "1d", "-1s", "1s ", "h", 30, "0s", "9999h"])
def test_duration_that_is_none_is_refused(text):
    with pytest.raises(ValidationError):
        make_command(timeout=text)


@pytest.mark.parametrize(
    ("job", "command", "word"),
    [
        ({"timeout": "2h"}, {"timeout": "1h"}, "timeout"),
        ({"timeout": "61m"}, {}, "timeout"),
        ({"max_fail_count": 3}, {"max_fail_count": 2}, "max_fail_count"),
        ({"max_fail_count": 2}, {}, "max_fail_count"),
        ({"polling_interval": "31s"}, {}, "polling_interval"),
    ],
)
def test_job_does_not_raise_what_the_command_sets(job, command, word):
    assert word in refusal(job, command)


def test_job_lowers_what_the_command_sets():
    job = {"timeout": "10m", "max_fail_count": 1, "polling_interval": "5s"}

    check(JobOptions.model_validate(job), make_command(max_fail_count=2), make_cluster())


@pytest.mark.parametrize(
    ("job", "command"),
    [
        ({"task_count": 11}, {}),
        ({"cpu": 2048}, {}),
        ({"memory": 4096}, {}),
        ({}, {"task_count": 11}),
        ({}, {"cpu": 2048}),
        ({}, {"task_definition_template": {**TEMPLATE, "memory": "4096"}}),
    ],
)
def test_nobody_takes_more_than_the_cluster_lends(job, command):
    assert "the cluster lends at most" in refusal(job, command)


@pytest.mark.parametrize("field", ["task_definition_template", "task_family", "task_revision"])
def test_job_cannot_say_which_definition_is_run(field):
    with pytest.raises(ValidationError, match=field):
        JobOptions.model_validate({field: 1})


@pytest.mark.parametrize(
    "context",
    [
        {},
        {"task_family": "nightly"},
        {"task_family": "nightly", "task_revision": 1, "use_latest_revision": True},
        {"task_definition_template": TEMPLATE, "task_revision": 1},
        {"task_definition_template": "/etc/nightly.json"},
        {"task_definition_template": {"containerDefinitions": []}},
        {"task_definition_template": {"containerDefinitions": [{"image": "alpine"}]}},
        {"task_definition_template": {**TEMPLATE, "taskDefinitionArn": "arn:aws:ecs:..."}},
    ],
)
def test_command_without_exactly_one_definition_is_refused(context):
    with pytest.raises(ValidationError):
        CommandOptions.model_validate(context)


def test_overrides_of_a_container_that_the_template_lacks_are_refused():
    said = refusal({"container_overrides": [{"name": "sidecar", "command": ["true"]}]})

    assert "sidecar" in said


def test_overrides_larger_than_ecs_takes_are_refused():
    job = {"container_overrides": [{"name": "app", "command": ["x" * 8_000]}]}

    assert "8,192" in refusal(job)


def test_overrides_of_the_job_lie_over_the_commands():
    command = make_command(
        container_overrides=[
            {
                "name": "app",
                "command": ["a"],
                "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "1"}],
            },
            {"name": "app2", "memory": 64},
        ]
    )
    job = JobOptions.model_validate(
        {"container_overrides": [{"name": "app", "environment": [{"name": "B", "value": "2"}]}]}
    )

    assert merged_overrides(command.container_overrides, job.container_overrides) == [
        {
            "name": "app",
            "command": ["a"],
            "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
        },
        {"name": "app2", "memory": 64},
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"vpc_config": None},
        {"launch_type": "FARGATE", "capacity_provider_strategy": [{"capacity_provider": "A"}]},
        {"max_task_count": 101},
        {"cluster_name": "jobs/../others"},
        {"tags": {"heimdall:job": "x"}},
    ],
)
def test_cluster_that_cannot_work_is_refused(change):
    with pytest.raises(ValidationError):
        make_cluster(**change)


def test_size_comes_from_the_job_then_the_command_then_the_template():
    command = make_command(task_definition_template={**TEMPLATE, "cpu": "256", "memory": "1 GB"})

    assert size_of(JobOptions(cpu=512), command) == (512, None)
    assert size_of(JobOptions(), command) == (256, None)


def test_unknown_field_is_refused_in_every_context():
    for model in (OPTIONS.job, OPTIONS.command, OPTIONS.cluster):
        with pytest.raises(ValidationError, match="nonsense"):
            model.model_validate({"nonsense": 1})

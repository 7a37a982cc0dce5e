"""What tasks of several containers take of a cluster, and what their sessions may."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from heimdall.domain.errors import PluginError
from heimdall.plugins.ecs.definition import definition_policy
from heimdall.plugins.ecs.options import ClusterOptions, CommandOptions, JobOptions, check
from heimdall.plugins.ecs.tasks import list_tasks
from tests.fakes.engines.bench import EngineBench, bench_of
from tests.fakes.engines.ecs import ROLE, TEMPLATE, EcsDriver
from tests.fakes.runs import make_identity

CLUSTER = ClusterOptions.model_validate(
    {
        "cluster_name": "jobs",
        "max_cpu": 1024,
        "max_memory": 2048,
        "max_task_count": 10,
        "launch_type": "EC2",
    }
)


@pytest.fixture
def bench() -> Iterator[EngineBench]:
    with bench_of(EcsDriver) as made:
        yield made


def template_of(*containers: dict[str, Any]) -> dict[str, Any]:
    made = [
        {"name": f"c{number}", "image": "alpine:3", "memory": 128, **container}
        for number, container in enumerate(containers)
    ]
    return {"family": "nightly", "containerDefinitions": made}


def check_job(template: dict[str, Any], *overrides: dict[str, Any]) -> None:
    command = CommandOptions.model_validate(
        {"task_definition_template": template, "container_overrides": list(overrides[:1])}
    )
    job = JobOptions.model_validate({"container_overrides": list(overrides[1:])})
    check(job, command, CLUSTER)


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ({"cpu": 600}, {"cpu": 425}, "ask for 1,025 of cpu; the cluster lends at most 1,024"),
        ({"memory": 1024}, {"memory": 1025}, "ask for 2,049 of memory"),
        ({"memoryReservation": 1025}, {"memoryReservation": 1024}, "ask for 2,049 of memory"),
        ({"memory": 1025, "memoryReservation": 8}, {"memoryReservation": 1024}, "2,049 of memory"),
    ],
)
def test_containers_do_not_take_more_together_than_the_cluster_lends(first, second, said):
    overrides = ({"name": "c0", **first}, {"name": "c1", **second})

    with pytest.raises(ValueError, match=said):
        check_job(template_of({}, {}), *overrides)


def test_containers_take_all_that_the_cluster_lends():
    sizes = {"cpu": 512, "memory": 1024, "memoryReservation": 1024}

    check_job(template_of({}, {}), {"name": "c0", **sizes}, {"name": "c1", **sizes})


def test_own_variables_are_counted_for_every_container_of_the_template():
    override = {"name": "c0", "command": ["x" * 7_000]}
    check_job(template_of({}), override)

    with pytest.raises(ValueError, match="ECS takes 8,192"):
        check_job(template_of(*[{}] * 5), override)


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ({"cpu": 600}, "a cpu of 1200; the cluster lends at most 1024"),
        ({"memory": 1025}, "a memory of 2050"),
        ({"memory": 8, "memoryReservation": 1025}, "a memory of 2050"),
    ],
)
def test_definition_without_sizes_is_measured_by_its_containers(bench, sizes, said):
    containers = template_of(sizes, sizes)["containerDefinitions"]
    boto3.client("ecs").register_task_definition(family="theirs", containerDefinitions=containers)
    bench.driver.command_context = {"task_family": "theirs", "use_latest_revision": True}

    with pytest.raises(PluginError, match=said):
        bench.start()

    assert bench.driver.started() == 0


def test_definition_is_measured_with_the_overrides_over_it(bench):
    containers = template_of({"cpu": 100}, {"cpu": 900})["containerDefinitions"]
    boto3.client("ecs").register_task_definition(family="theirs", containerDefinitions=containers)
    bench.driver.command_context = {
        "task_family": "theirs",
        "use_latest_revision": True,
        "container_overrides": [{"name": "c0", "cpu": 1000}],
    }

    with pytest.raises(PluginError, match="a cpu of 1900; the cluster lends at most 1024"):
        bench.start()

    assert bench.driver.started() == 0


def test_short_name_of_a_role_is_an_arn_in_the_sessions_policy():
    template = {**TEMPLATE, "taskRoleArn": "jobs/nightly"}
    command = CommandOptions.model_validate({"task_definition_template": template})

    passed = [each for each in definition_policy(command, CLUSTER) if "iam:" in each.actions[0]]

    assert [list(each.resources) for each in passed] == [[ROLE, "arn:*:iam::*:role/jobs/nightly"]]


def test_tasks_that_run_are_listed_without_naming_their_state(bench):
    asked: list[str | None] = []
    session: Any = boto3.DEFAULT_SESSION
    session._session.get_component("event_emitter").register(
        "provide-client-params.ecs.ListTasks",
        lambda params, **_: asked.append(params.get("desiredStatus")),
    )
    bench.start()
    client = boto3.client("ecs")
    asked.clear()

    assert len(list(list_tasks(client, "jobs", only_working=True))) == 2
    assert asked == [None]

    assert len(list(list_tasks(client, "jobs", work=make_identity().work_name))) == 2
    assert asked == [None, None, "STOPPED"]

"""What tasks are started with: places, roles, tags; and handles that cannot be read."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import boto3
import pytest
from moto.ecs.exceptions import InvalidParameterException

from heimdall.domain.errors import PluginError
from heimdall.plugin.spec import RunHandle, RunState
from heimdall.plugins.ecs.definition import definition_policy, find_definition
from heimdall.plugins.ecs.launch import launch_of
from tests.fakes.engines.bench import EngineBench, bench_of
from tests.fakes.engines.ecs import ROLE, TEMPLATE, EcsDriver

TASK_ROLE = "arn:aws:iam::123456789012:role/jobs/nightly"


@pytest.fixture
def bench() -> Iterator[EngineBench]:
    with bench_of(EcsDriver) as made:
        yield made


def with_command(bench, **changes):
    bench.driver.command_context = {**bench.driver.command_context, **changes}


def with_cluster(bench, **changes):
    bench.driver.cluster_context = {**bench.driver.cluster_context, **changes}


def launch(bench):
    run = bench.run()
    command, cluster = run.command_options, run.cluster_options
    definition = find_definition(
        boto3.client("ecs"), command, run.options, cluster, deployment="Heimdall"
    )
    return launch_of(run, definition, cluster)


def passed_roles(policy):
    return [
        resource for part in policy if "iam:PassRole" in part.actions for resource in part.resources
    ]


def test_tasks_run_on_spot_machines_where_the_cluster_says_so(bench):
    with_cluster(
        bench, launch_type=None, capacity_provider_strategy=[{"capacity_provider": "FARGATE_SPOT"}]
    )
    bench.start()

    assert {task.capacity_provider_name for task in bench.driver.tasks()} == {"FARGATE_SPOT"}
    assert "launchType" not in launch(bench).request


def test_clusters_own_machines_need_no_network(bench):
    with_cluster(bench, launch_type="EC2", vpc_config=None)

    request = launch(bench).request

    assert request["launchType"] == "EC2"
    assert "networkConfiguration" not in request


def test_roles_of_the_cluster_go_over_the_templates(bench):
    with_cluster(bench, execution_role_arn=f"{ROLE}-ours", task_role_arn=TASK_ROLE)
    run = bench.run()

    found = boto3.client("ecs").describe_task_definition(taskDefinition=launch(bench).definition)

    definition = found["taskDefinition"]
    assert definition["executionRoleArn"] == f"{ROLE}-ours"
    assert definition["taskRoleArn"] == TASK_ROLE
    roles = [f"{ROLE}-ours", TASK_ROLE]
    assert passed_roles(launch(bench).policy) == roles
    assert passed_roles(definition_policy(run.command_options, run.cluster_options)) == roles


def test_roles_of_the_cluster_go_over_a_familys_as_well(bench):
    bench.start()
    family = launch(bench).definition.rpartition("/")[2].split(":")[0]
    with_command(bench, task_definition_template=None, task_family=family, use_latest_revision=True)
    with_cluster(bench, task_role_arn=TASK_ROLE)

    made = launch(bench)

    assert made.request["overrides"]["taskRoleArn"] == TASK_ROLE
    assert passed_roles(made.policy) == [TASK_ROLE, ROLE]


def test_role_that_a_definition_names_without_its_account_is_passed_by_its_arn(bench):
    with_command(bench, task_definition_template={**TEMPLATE, "taskRoleArn": "nightly"})

    assert "arn:aws:iam::123456789012:role/nightly" in passed_roles(launch(bench).policy)


def test_definition_without_roles_passes_none(bench):
    template = {name: value for name, value in TEMPLATE.items() if name != "executionRoleArn"}
    with_command(bench, task_definition_template=template)
    run = bench.run()

    assert passed_roles(launch(bench).policy) == []
    assert passed_roles(definition_policy(run.command_options, run.cluster_options)) == []


def test_overrides_of_a_container_that_the_familys_definition_lacks_fail_the_start(bench):
    bench.start()
    family = launch(bench).definition.rpartition("/")[2].split(":")[0]
    with_command(
        bench,
        task_definition_template=None,
        task_family=family,
        use_latest_revision=True,
        container_overrides=[{"name": "sidecar", "command": ["true"]}],
    )

    with pytest.raises(PluginError, match="sidecar"):
        bench.start(run=2)


def test_tags_of_job_command_and_cluster_are_laid_over_each_other(bench):
    with_cluster(bench, tags={"team": "data", "cost": "1"})
    with_command(bench, tags={"team": "ml"})
    bench.driver.job_context = {"tags": {"cost": "2"}}
    bench.start()

    for task in bench.driver.tasks():
        tags = {tag["key"]: tag["value"] for tag in task.tags}
        assert (tags["team"], tags["cost"]) == ("ml", "2")
        assert tags["heimdall:run"] == "1"


@pytest.mark.parametrize("name", ["launch", "run"])
@pytest.mark.parametrize("text", ["", "no json", "{}", '{"unknown": 1}', "[]"])
def test_handle_that_cannot_be_read_is_refused(bench, name, text):
    handle = bench.start()
    broken = RunHandle(values={**handle.values, name: text})

    with pytest.raises(PluginError, match="cannot be read"):
        bench.plugin.poll(broken)


def test_record_that_comes_too_late_for_a_task_is_no_error(bench):
    with_command(bench, timeout="9h")
    handle = bench.start()
    bench.driver.end(bench.driver.tasks()[0], exit_code=0)
    bench.driver.ahead += timedelta(minutes=45)

    def ended(*args):
        raise InvalidParameterException("The specified task is stopped.")

    bench.driver.backend.tag_resource = ended

    assert bench.plugin.poll(handle).state is RunState.RUNNING


def test_start_again_gives_the_same_tasks(bench):
    first = launch(bench)

    assert first == launch(bench)
    assert replace(first, work="other")._token((0, 1)) != first._token((0, 1))
    assert len({first._token((number, turn)) for number in range(3) for turn in (1, 2)}) == 6

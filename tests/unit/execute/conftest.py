"""The job store over moto, for what watches a run; and runs themselves."""

from collections.abc import Iterator
from random import Random

import boto3
import pytest

from functions.execute import service
from functions.execute.attempt import Assignment
from heimdall.plugin.options import AnyOptions, OptionModels
from heimdall.runtime import ExecuteRuntime
from heimdall.settings import ExecuteSettings
from heimdall.sql_policy.ranger import RangerServices
from heimdall.store.forms import DynamoFormClaims
from heimdall.store.health import DynamoHealthStore
from heimdall.store.jobs import DynamoJobStore
from heimdall.store.leads import DynamoLeads
from heimdall.store.work import DynamoWorkIndex
from tests.factories import make_cluster, make_command, make_running_job
from tests.fakes.audit import InMemoryAuditLog
from tests.fakes.aws import aws_in_memory
from tests.fakes.catalog import InMemoryCatalogStore
from tests.fakes.clock import FakeClock
from tests.fakes.files import InMemoryJobFiles
from tests.fakes.long_jobs import FakeLongJobs, FakeNextRuns, FakeWakes
from tests.fakes.runs import secret_store
from tests.fakes.tables import JOBS

SETTINGS = ExecuteSettings(
    jobs_table="j",
    catalog_table="c",
    bucket="b",
    deployment="d",
    queue_url="q",
    wakes_url="w",
    long_jobs_arn="l",
    retention_days=1,
    audit_retention_days=1,
    stop_orphans=False,
)


ANY = OptionModels(job=AnyOptions)
SECRETS = {"ssm:/heimdall/token": "hunter2"}


class OnePlugin:
    """A registry of one plugin."""

    def __init__(self, plugin, models):
        self._plugin = plugin
        self._models = models

    def plugin(self, name):
        return self._plugin

    def options(self, name):
        return self._models


@pytest.fixture
def jobs() -> Iterator[DynamoJobStore]:
    with aws_in_memory():
        yield DynamoJobStore(boto3.client("dynamodb"), JOBS)


@pytest.fixture
def files() -> InMemoryJobFiles:
    return InMemoryJobFiles()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def make_runtime(jobs):
    def make(plugin, *, files=None, models=ANY, policies=tuple):
        return ExecuteRuntime(
            settings=SETTINGS,
            jobs=jobs,
            files=files or InMemoryJobFiles(),
            catalog=InMemoryCatalogStore(),
            policies=policies,
            ranger=lambda: RangerServices(FakeClock()),
            plugins=OnePlugin(plugin, models),
            read_secret=secret_store(SECRETS),
            health=DynamoHealthStore(jobs.client, JOBS),
            work=DynamoWorkIndex(jobs.client, JOBS),
            leads=lambda: DynamoLeads(jobs.client, JOBS),
            next_runs=FakeNextRuns(),
            wakes=FakeWakes(),
            long_jobs=FakeLongJobs(),
            random=Random(0),
            audit=InMemoryAuditLog,
            form_claims=DynamoFormClaims(jobs.client, JOBS),
            clock=FakeClock(),
        )

    return make


@pytest.fixture
def run(jobs, make_runtime):
    def run(plugin, *, cluster=None, job=None, made=None, **runtime):
        running = make_running_job(**(job or {}))
        jobs.create(running)
        assignment = Assignment(running, make_command(), cluster or make_cluster())
        made = made or make_runtime(plugin, **runtime)
        return service.execute_run(
            assignment, function="function", runtime=made, seconds_left=60.0
        ).job

    return run

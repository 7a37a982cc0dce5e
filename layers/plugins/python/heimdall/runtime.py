"""The composition root: what each function works with, made once and when it is first needed.

Importing this module has no effect, and so it may be imported before a snapshot of the function
is frozen: clients, and the connections and randomness in them, come with the first request.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache as once
from random import Random, SystemRandom
from typing import TYPE_CHECKING

from heimdall import connections, rare_stores
from heimdall.dispatch import LambdaRunners
from heimdall.domain.access import AccessRules, Binding, Role
from heimdall.domain.catalog import CatalogCache, KindCache
from heimdall.domain.clock import Clock, SystemClock
from heimdall.domain.job_files import JobFiles
from heimdall.domain.policy import Policy
from heimdall.domain.ports import CatalogStore, JobStore, Runners
from heimdall.domain.routing import RandomRouting, RoutingStrategy
from heimdall.http.auth import Gate
from heimdall.plugin.registry import PluginRegistry
from heimdall.settings import (
    ExecuteSettings,
    OrchestrateSettings,
    QuerySettings,
    SubmitSettings,
    read_settings,
)
from heimdall.store.catalog import DynamoCatalogStore
from heimdall.store.files import S3JobFiles
from heimdall.store.jobs import DynamoJobStore

if TYPE_CHECKING:
    from heimdall.domain.audit import AuditLog
    from heimdall.domain.dead_letters import DeadLetters
    from heimdall.domain.forms import FormClaims, FormMaker
    from heimdall.domain.health import HealthStore
    from heimdall.domain.idempotency import IdempotencyStore
    from heimdall.domain.long_jobs import LongJobs, WorkIndex
    from heimdall.domain.open_jobs import OpenJobs
    from heimdall.domain.ports import NextRuns, Wakes
    from heimdall.domain.sharing import Leads
    from heimdall.plugin.secret import ReadSecret
    from heimdall.probes import RunnerProbes
    from heimdall.sql_policy.ranger import RangerServices


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitRuntime:
    """For `functions.submit`."""

    settings: SubmitSettings
    jobs: JobStore
    idempotency: "IdempotencyStore"
    files: JobFiles
    catalog: CatalogStore
    catalog_cache: CatalogCache
    plugins: PluginRegistry
    runners: Runners
    strategy: RoutingStrategy
    gate: Gate
    audit: "Callable[[], AuditLog]"
    dead_letters: "Callable[[], DeadLetters]"
    open_jobs: "Callable[[], OpenJobs]"
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRuntime:
    """For `functions.query`."""

    settings: QuerySettings
    jobs: JobStore
    files: JobFiles
    catalog: CatalogStore
    catalog_cache: CatalogCache
    health: "HealthStore"
    probes: "RunnerProbes"
    form_maker: "FormMaker"
    cursor_key: Callable[[], bytes]
    gate: Gate
    audit: "Callable[[], AuditLog]"
    dead_letters: "Callable[[], DeadLetters]"
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuteRuntime:
    """For `functions.execute`."""

    settings: ExecuteSettings
    jobs: JobStore
    files: JobFiles
    catalog: CatalogStore
    policies: Callable[[], Sequence[Policy]]
    ranger: "Callable[[], RangerServices]"
    plugins: PluginRegistry
    read_secret: "ReadSecret"
    health: "HealthStore"
    form_claims: "FormClaims"
    work: "WorkIndex"
    leads: "Callable[[], Leads]"
    next_runs: "NextRuns"
    wakes: "Wakes"
    long_jobs: "LongJobs"
    random: Random
    audit: "Callable[[], AuditLog]"
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class OrchestrateRuntime:
    """For `functions.orchestrate`."""

    settings: OrchestrateSettings
    jobs: JobStore
    open_jobs: "OpenJobs"
    dead_letters: "DeadLetters"
    runners: Runners
    plugins: PluginRegistry
    work: "WorkIndex"
    clock: Clock


@once
def submit_runtime() -> SubmitRuntime:
    """Make what `functions.submit` works with."""
    from heimdall.store.idempotency import DynamoIdempotencyStore

    settings = read_settings(SubmitSettings)
    dynamodb = connections.dynamodb()
    clock = SystemClock()
    catalog = DynamoCatalogStore(dynamodb, settings.catalog_table)
    cache = CatalogCache(catalog, clock)
    audit = once(lambda: rare_stores.audit_log(dynamodb, settings))
    return SubmitRuntime(
        settings=settings,
        jobs=DynamoJobStore(dynamodb, settings.jobs_table),
        idempotency=DynamoIdempotencyStore(dynamodb, settings.jobs_table),
        files=S3JobFiles(once(connections.s3), settings.bucket),
        catalog=catalog,
        catalog_cache=cache,
        plugins=PluginRegistry(),
        runners=_runners(settings),
        strategy=RandomRouting(SystemRandom()),
        gate=_gate(lambda: cache.snapshot().bindings, settings, audit, clock),
        audit=audit,
        dead_letters=lambda: rare_stores.dead_letters(dynamodb, settings.jobs_table),
        open_jobs=lambda: rare_stores.open_jobs(dynamodb, settings.jobs_table),
        clock=clock,
    )


@once
def query_runtime() -> QueryRuntime:
    """Make what `functions.query` works with."""
    from heimdall.forms import RunnerForms
    from heimdall.probes import RunnerProbes
    from heimdall.store.health import DynamoHealthStore

    settings = read_settings(QuerySettings)
    dynamodb = connections.dynamodb()
    clock = SystemClock()
    catalog = DynamoCatalogStore(dynamodb, settings.catalog_table)
    audit = once(lambda: rare_stores.audit_log(dynamodb, settings))
    return QueryRuntime(
        settings=settings,
        jobs=DynamoJobStore(dynamodb, settings.jobs_table),
        files=S3JobFiles(once(connections.s3), settings.bucket),
        catalog=catalog,
        catalog_cache=CatalogCache(catalog, clock),
        health=DynamoHealthStore(dynamodb, settings.jobs_table),
        probes=RunnerProbes(settings.runners, once(connections.probing_lambda)),
        form_maker=RunnerForms(settings.forms_function, once(connections.making_lambda)),
        cursor_key=_remembered(catalog.cursor_key),
        gate=_gate(KindCache(catalog, catalog.bindings, clock).entries, settings, audit, clock),
        audit=audit,
        dead_letters=lambda: rare_stores.dead_letters(dynamodb, settings.jobs_table),
        clock=clock,
    )


@once
def execute_runtime() -> ExecuteRuntime:
    """Make what `functions.execute` works with."""
    from heimdall.aws.clients import AwsClients
    from heimdall.dispatch import QueuedRuns, QueuedWakes
    from heimdall.plugin.identity import PluginServices
    from heimdall.secrets import AwsSecrets
    from heimdall.state_machine import StepFunctionsLongJobs
    from heimdall.store.forms import DynamoFormClaims
    from heimdall.store.health import DynamoHealthStore
    from heimdall.store.work import DynamoWorkIndex

    settings = read_settings(ExecuteSettings)
    dynamodb, sqs = connections.dynamodb(), once(connections.sqs)
    clock = SystemClock()
    catalog = DynamoCatalogStore(dynamodb, settings.catalog_table)
    services = PluginServices(aws=AwsClients())
    secrets = AwsSecrets(once(connections.secrets_manager), once(connections.parameters))
    return ExecuteRuntime(
        settings=settings,
        jobs=DynamoJobStore(dynamodb, settings.jobs_table),
        files=S3JobFiles(once(connections.s3), settings.bucket),
        catalog=catalog,
        policies=KindCache(catalog, catalog.policies, clock).entries,
        ranger=once(lambda: rare_stores.ranger_services(clock)),
        plugins=PluginRegistry(services=lambda: services),
        read_secret=secrets.read,
        health=DynamoHealthStore(dynamodb, settings.jobs_table),
        form_claims=DynamoFormClaims(dynamodb, settings.jobs_table),
        work=DynamoWorkIndex(dynamodb, settings.jobs_table),
        leads=lambda: rare_stores.leads(dynamodb, settings.jobs_table),
        next_runs=QueuedRuns(sqs, settings.queue_url),
        wakes=QueuedWakes(sqs, settings.wakes_url),
        audit=once(lambda: rare_stores.audit_log(dynamodb, settings)),
        long_jobs=StepFunctionsLongJobs(once(connections.state_machines), settings.long_jobs_arn),
        random=SystemRandom(),
        clock=clock,
    )


@once
def orchestrate_runtime() -> OrchestrateRuntime:
    """Make what `functions.orchestrate` works with."""
    from heimdall.store.work import DynamoWorkIndex

    settings = read_settings(OrchestrateSettings)
    dynamodb = connections.dynamodb()
    return OrchestrateRuntime(
        settings=settings,
        jobs=DynamoJobStore(dynamodb, settings.jobs_table),
        open_jobs=rare_stores.open_jobs(dynamodb, settings.jobs_table),
        dead_letters=rare_stores.dead_letters(dynamodb, settings.jobs_table),
        runners=_runners(settings),
        plugins=PluginRegistry(),
        work=DynamoWorkIndex(dynamodb, settings.jobs_table),
        clock=SystemClock(),
    )


def _runners(settings: SubmitSettings | OrchestrateSettings) -> LambdaRunners:
    return LambdaRunners(settings.runners, once(connections.sqs), once(connections.waiting_lambda))


def _gate(
    bindings: Callable[[], Sequence[Binding]],
    settings: SubmitSettings | QuerySettings,
    audit: "Callable[[], AuditLog]",
    clock: Clock,
) -> Gate:
    default_role = Role(settings.default_role) if settings.default_role != "none" else None
    rules = AccessRules(bindings, admins=sorted(settings.admins), default_role=default_role)
    return Gate(trusted_proxies=settings.trusted_proxies, rules=rules, audit=audit, clock=clock)


def _remembered(read_key: Callable[[], bytes]) -> Callable[[], bytes]:
    """Read a key until there is one, and then no more: it never changes."""
    known = b""

    def key() -> bytes:
        nonlocal known
        known = known or read_key()
        return known

    return key

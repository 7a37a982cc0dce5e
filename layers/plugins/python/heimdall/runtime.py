"""The composition root: what each function works with, made once and when it is first needed.

Importing this module has no effect, and so it may be imported before a snapshot of the function
is frozen: clients, and the connections and randomness in them, come with the first request.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache as once
from random import SystemRandom
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from heimdall.dispatch import LambdaRunners
from heimdall.domain.access import AccessRules, Binding, Role
from heimdall.domain.catalog import BindingCache, CatalogCache
from heimdall.domain.clock import Clock, SystemClock
from heimdall.domain.job_files import JobFiles
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
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

    from heimdall.domain.audit import AuditLog
    from heimdall.domain.health import HealthStore
    from heimdall.domain.idempotency import IdempotencyStore
    from heimdall.domain.open_jobs import OpenJobs
    from heimdall.plugin.secret import ReadSecret
    from heimdall.probes import RunnerProbes

SYNC_WAIT_SECONDS = 25
"""How long `submit` waits for a sync job: the API gives up after 30 s, starts take some."""

PROBES_WAIT_SECONDS = 15
"""How long `query` waits for health probes: they take 10 s at most, a start of a runner some."""

_ATTEMPTS = 3
_CONNECT_SECONDS = 1
_DYNAMODB_READ_SECONDS = 3
_READ_SECONDS = 10


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
    cursor_key: Callable[[], bytes]
    gate: Gate
    audit: "Callable[[], AuditLog]"
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuteRuntime:
    """For `functions.execute`."""

    settings: ExecuteSettings
    jobs: JobStore
    files: JobFiles
    catalog: CatalogStore
    plugins: PluginRegistry
    read_secret: "ReadSecret"
    health: "HealthStore"
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class OrchestrateRuntime:
    """For `functions.orchestrate`."""

    settings: OrchestrateSettings
    jobs: JobStore
    open_jobs: "OpenJobs"
    runners: Runners
    clock: Clock


@once
def submit_runtime() -> SubmitRuntime:
    """Make what `functions.submit` works with."""
    from heimdall.store.idempotency import DynamoIdempotencyStore

    settings = read_settings(SubmitSettings)
    dynamodb = _dynamodb()
    clock = SystemClock()
    catalog = DynamoCatalogStore(dynamodb, settings.catalog_table)
    cache = CatalogCache(catalog, clock)
    audit = once(lambda: _audit_log(dynamodb, settings))
    return SubmitRuntime(
        settings=settings,
        jobs=DynamoJobStore(dynamodb, settings.jobs_table),
        idempotency=DynamoIdempotencyStore(dynamodb, settings.jobs_table),
        files=S3JobFiles(once(_s3), settings.bucket),
        catalog=catalog,
        catalog_cache=cache,
        plugins=PluginRegistry(),
        runners=LambdaRunners(settings.runners, once(_sqs), once(_waiting_lambda)),
        strategy=RandomRouting(SystemRandom()),
        gate=_gate(lambda: cache.snapshot().bindings, settings, audit, clock),
        audit=audit,
        clock=clock,
    )


@once
def query_runtime() -> QueryRuntime:
    """Make what `functions.query` works with."""
    from heimdall.probes import RunnerProbes
    from heimdall.store.health import DynamoHealthStore

    settings = read_settings(QuerySettings)
    dynamodb = _dynamodb()
    clock = SystemClock()
    catalog = DynamoCatalogStore(dynamodb, settings.catalog_table)
    audit = once(lambda: _audit_log(dynamodb, settings))
    return QueryRuntime(
        settings=settings,
        jobs=DynamoJobStore(dynamodb, settings.jobs_table),
        files=S3JobFiles(once(_s3), settings.bucket),
        catalog=catalog,
        catalog_cache=CatalogCache(catalog, clock),
        health=DynamoHealthStore(dynamodb, settings.jobs_table),
        probes=RunnerProbes(settings.runners, once(_probing_lambda)),
        cursor_key=_remembered(catalog.cursor_key),
        gate=_gate(BindingCache(catalog, clock).bindings, settings, audit, clock),
        audit=audit,
        clock=clock,
    )


@once
def execute_runtime() -> ExecuteRuntime:
    """Make what `functions.execute` works with."""
    from heimdall.aws.clients import AwsClients
    from heimdall.plugin.identity import PluginServices
    from heimdall.secrets import AwsSecrets
    from heimdall.store.health import DynamoHealthStore

    settings = read_settings(ExecuteSettings)
    dynamodb = _dynamodb()
    services = PluginServices(aws=AwsClients())
    return ExecuteRuntime(
        settings=settings,
        jobs=DynamoJobStore(dynamodb, settings.jobs_table),
        files=S3JobFiles(once(_s3), settings.bucket),
        catalog=DynamoCatalogStore(dynamodb, settings.catalog_table),
        plugins=PluginRegistry(services=lambda: services),
        read_secret=AwsSecrets(once(_secrets_manager), once(_parameters)).read,
        health=DynamoHealthStore(dynamodb, settings.jobs_table),
        clock=SystemClock(),
    )


@once
def orchestrate_runtime() -> OrchestrateRuntime:
    """Make what `functions.orchestrate` works with."""
    from heimdall.store.open_jobs import DynamoOpenJobs

    settings = read_settings(OrchestrateSettings)
    dynamodb = _dynamodb()
    return OrchestrateRuntime(
        settings=settings,
        jobs=DynamoJobStore(dynamodb, settings.jobs_table),
        open_jobs=DynamoOpenJobs(dynamodb, settings.jobs_table),
        runners=LambdaRunners(settings.runners, once(_sqs), once(_waiting_lambda)),
        clock=SystemClock(),
    )


def _gate(
    bindings: Callable[[], Sequence[Binding]],
    settings: SubmitSettings | QuerySettings,
    audit: "Callable[[], AuditLog]",
    clock: Clock,
) -> Gate:
    default_role = Role(settings.default_role) if settings.default_role != "none" else None
    rules = AccessRules(bindings, admins=sorted(settings.admins), default_role=default_role)
    return Gate(trusted_proxies=settings.trusted_proxies, rules=rules, audit=audit, clock=clock)


def _audit_log(dynamodb: "DynamoDBClient", settings: SubmitSettings | QuerySettings) -> "AuditLog":
    from heimdall.store.audit import DynamoAuditLog

    return DynamoAuditLog(dynamodb, settings.catalog_table, settings.audit_retention_days)


def _remembered(read_key: Callable[[], bytes]) -> Callable[[], bytes]:
    """Read a key until there is one, and then no more: it never changes."""
    known = b""

    def key() -> bytes:
        nonlocal known
        known = known or read_key()
        return known

    return key


def _dynamodb() -> "DynamoDBClient":
    return boto3.client("dynamodb", config=_config(_DYNAMODB_READ_SECONDS))


def _sqs() -> "SQSClient":
    return boto3.client("sqs", config=_config(_READ_SECONDS))


def _secrets_manager() -> "SecretsManagerClient":
    return boto3.client("secretsmanager", config=_config(_READ_SECONDS))


def _parameters() -> "SSMClient":
    return boto3.client("ssm", config=_config(_READ_SECONDS))


def _s3() -> "S3Client":
    # Addresses for clients: most regions know no older signature, and only the region's own host
    # answers for a new bucket without a redirect, which would break it.
    signing = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    return boto3.client("s3", config=_config(_READ_SECONDS).merge(signing))


def _config(read_seconds: int) -> Config:
    # The services check parameters themselves; botocore's check is a tenth of a call's CPU time.
    return Config(
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=read_seconds,
        parameter_validation=False,
    )


def _waiting_lambda() -> "LambdaClient":
    return _lambda(SYNC_WAIT_SECONDS)


def _probing_lambda() -> "LambdaClient":
    return _lambda(PROBES_WAIT_SECONDS)


def _lambda(read_seconds: int) -> "LambdaClient":
    return boto3.client(
        "lambda",
        config=Config(
            retries={"total_max_attempts": 1},
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=read_seconds,
            parameter_validation=False,
        ),
    )

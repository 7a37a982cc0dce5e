"""Stores that few requests need: their modules are loaded when one does."""

from typing import TYPE_CHECKING

from heimdall.settings import ExecuteSettings, QuerySettings, SubmitSettings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from heimdall.domain.audit import AuditLog
    from heimdall.domain.clock import Clock
    from heimdall.domain.dead_letters import DeadLetters
    from heimdall.domain.open_jobs import OpenJobs
    from heimdall.domain.sharing import Leads
    from heimdall.sql_policy.ranger import RangerServices


def audit_log(
    dynamodb: "DynamoDBClient", settings: SubmitSettings | QuerySettings | ExecuteSettings
) -> "AuditLog":
    """The audit trail."""
    from heimdall.store.audit import DynamoAuditLog

    return DynamoAuditLog(dynamodb, settings.catalog_table, settings.audit_retention_days)


def dead_letters(dynamodb: "DynamoDBClient", jobs_table: str) -> "DeadLetters":
    """What runners' queues gave up on."""
    from heimdall.store.dead_letters import DynamoDeadLetters

    return DynamoDeadLetters(dynamodb, jobs_table)


def open_jobs(dynamodb: "DynamoDBClient", jobs_table: str) -> "OpenJobs":
    """The markers of open jobs."""
    from heimdall.store.open_jobs import DynamoOpenJobs

    return DynamoOpenJobs(dynamodb, jobs_table)


def leads(dynamodb: "DynamoDBClient", jobs_table: str) -> "Leads":
    """Which jobs do the work that others share."""
    from heimdall.store.leads import DynamoLeads

    return DynamoLeads(dynamodb, jobs_table)


def ranger_services(clock: "Clock") -> "RangerServices":
    """What is kept of services of Apache Ranger."""
    from heimdall.sql_policy.ranger import RangerServices

    return RangerServices(clock)

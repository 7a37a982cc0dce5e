"""What EMR on EKS is asked to run."""

from typing import TYPE_CHECKING

from heimdall.plugins.spark.options import ClusterOptions
from heimdall.spark.emr import configuration, submit_driver
from heimdall.spark.options import SparkCommandOptions, SparkJobOptions
from heimdall.spark.program import Program, SqlPlan
from heimdall.spark.storage import SparkStorage

if TYPE_CHECKING:
    from mypy_boto3_emr_containers.type_defs import (
        ConfigurationOverridesTypeDef,
        JobDriverTypeDef,
    )


def job_driver(plan: Program | SqlPlan, storage: SparkStorage) -> "JobDriverTypeDef":
    """Upload what has to be there and return what is to be run.

    A statement whose result is wanted is run by the wrapper; any other text of SQL is run as it
    is, by spark-sql, which takes several statements.

    Raises:
        TransientPluginError: S3 is throttled or out of reach.
        PluginError: it cannot be uploaded.
    """
    if isinstance(plan, Program):
        return {"sparkSubmitJobDriver": submit_driver(plan)}
    if plan.return_result:
        return {"sparkSubmitJobDriver": submit_driver(storage.upload(plan))}
    storage.put(plan.query, plan.text.encode())
    return {"sparkSqlJobDriver": {"entryPoint": plan.query.uri}}


def overrides(
    job: SparkJobOptions, command: SparkCommandOptions, cluster: ClusterOptions
) -> "ConfigurationOverridesTypeDef":
    """Return the configuration of the run; the history of its stages is kept for 30 days."""
    parts: ConfigurationOverridesTypeDef = configuration(job, command, cluster.properties)
    parts.setdefault("monitoringConfiguration", {})["persistentAppUI"] = "ENABLED"
    return parts

"""Where the files of a run are in S3, and the template if it is there."""

from pydantic import ValidationError

from heimdall.aws.s3 import S3Place
from heimdall.domain.errors import PluginError
from heimdall.plugin.identity import AwsAccess, Identity
from heimdall.plugins.sparkeks.options import (
    ApplicationTemplate,
    ClusterOptions,
    CommandOptions,
    JobOptions,
)
from heimdall.spark.program import SqlPlan, wrappers_place
from heimdall.spark.storage import RunFiles, SparkStorage, partition_of

MAX_TEMPLATE_BYTES = 1024 * 1024


def plan_of(job: JobOptions | None, command: CommandOptions, job_id: str, run: int) -> SqlPlan:
    """Return where a run's statement goes; of a run that was found, the places alone."""
    place = S3Place.parse(command.jobs_uri).below(job_id, str(run))
    return SqlPlan(
        text=job.query if job else "",
        query=place.below("queries", "query.sql"),
        wrappers=wrappers_place(command.wrapper_uri or command.jobs_uri),
        output=place.below("results"),
        max_rows=command.max_rows,
        max_bytes=command.max_bytes,
        return_result=bool(job and job.return_result),
    )


def canceled_mark(files: RunFiles) -> S3Place:
    """Return the object that tells that we have canceled a run.

    Raises:
        PluginError: the handle is another version's.
    """
    if files.output is None:
        raise PluginError("the handle of the work has no output: another version has written it")
    return files.output.below("canceled")


def storage_of(aws: AwsAccess, identity: Identity) -> SparkStorage:
    """Return S3 as an identity sees it."""
    partition = partition_of(identity.role_arn) if identity.role_arn else "aws"
    return SparkStorage(aws, identity, partition)


def template_of(storage: SparkStorage, cluster: ClusterOptions) -> ApplicationTemplate:
    """Return a cluster's template: its own, or the one that it keeps in S3, or an empty one.

    Raises:
        TransientPluginError: S3 is throttled or out of reach.
        PluginError: there is none, or it is no template.
    """
    if cluster.spark_application is not None:
        return cluster.spark_application
    if cluster.spark_application_file is None:
        return ApplicationTemplate()
    place = S3Place.parse(cluster.spark_application_file)
    try:
        return ApplicationTemplate.model_validate_json(storage.read(place, MAX_TEMPLATE_BYTES))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        raise PluginError(
            f"the template {place.uri} cannot be read as JSON of a SparkApplication: "
            f"{where}: {problem['msg']}"
        ) from error

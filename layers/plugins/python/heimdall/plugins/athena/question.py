"""How Athena is asked."""

from typing import TYPE_CHECKING

from heimdall.plugin.identity import Identity
from heimdall.plugins.athena.marks import marked
from heimdall.plugins.athena.options import CommandOptions, JobOptions, Place

if TYPE_CHECKING:
    from mypy_boto3_athena.type_defs import (
        QueryExecutionContextTypeDef,
        StartQueryExecutionInputTypeDef,
    )


def question(
    job: JobOptions, command: CommandOptions, place: Place, identity: Identity
) -> "StartQueryExecutionInputTypeDef":
    """Return the parameters of StartQueryExecution, all but the token.

    A query whose earlier result may be used again carries no mark: Athena compares texts.
    """
    reuse = command.result_reuse_minutes
    asked: StartQueryExecutionInputTypeDef = {
        "QueryString": job.query if reuse else marked(job.query, identity),
        "WorkGroup": place.workgroup,
        "QueryExecutionContext": _context(place),
    }
    if place.output_location is not None:
        asked["ResultConfiguration"] = {"OutputLocation": place.output_location}
    if job.parameters:
        asked["ExecutionParameters"] = job.parameters
    if reuse is not None:
        asked["ResultReuseConfiguration"] = {
            "ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": reuse}
        }
    return asked


def _context(place: Place) -> "QueryExecutionContextTypeDef":
    context: QueryExecutionContextTypeDef = {}
    if place.catalog is not None:
        context["Catalog"] = place.catalog
    if place.database is not None:
        context["Database"] = place.database
    return context

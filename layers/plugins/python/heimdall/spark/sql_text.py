"""What the SQL policy checks of a job of Spark: a statement, and nothing that changes its sense."""

from collections.abc import Mapping

from heimdall.plugin.sql_text import SqlText
from heimdall.spark.options import SparkCommandOptions, SparkJobOptions

DEFAULT_CATALOG = "spark.sql.defaultCatalog"
_SESSION_CATALOG = "spark_catalog"
_SESSION_SCHEMA = "default"


def statement_of(
    query: str | None, job: Mapping[str, str], configured: Mapping[str, str]
) -> SqlText | None:
    """Return the statement of a job; None if it is not all that says what the job does.

    Args:
        query: the statement.
        job: the properties that the job itself brings: they can name catalogs, and load code.
        configured: those of command and cluster.
    """
    if query is None or job:
        return None
    catalog = configured.get(DEFAULT_CATALOG, _SESSION_CATALOG)
    schema = _SESSION_SCHEMA if catalog == _SESSION_CATALOG else None
    return SqlText(dialect="spark", text=query, catalog=catalog, schema=schema)


def sql_of(
    job: SparkJobOptions, command: SparkCommandOptions, properties: Mapping[str, str]
) -> SqlText | None:
    """Return the statement of a job that may have a program instead."""
    if job.entry_point or job.arguments or job.main_class or job.parameters.entry_point:
        return None
    return statement_of(job.query, job.parameters.properties, {**properties, **command.properties})

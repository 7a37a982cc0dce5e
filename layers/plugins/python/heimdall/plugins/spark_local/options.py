"""The contexts that spark-local takes."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from heimdall.plugin.options import OptionModels, PluginOptions
from heimdall.plugin.sql_text import SqlText
from heimdall.spark.report import DEFAULT_MAX_BYTES, DEFAULT_MAX_ROWS, MAX_RESULT_BYTES
from heimdall.spark.sql_text import statement_of

OWN_PROPERTIES = frozenset(
    {
        *("spark.driver.bindAddress", "spark.driver.host", "spark.ui.enabled"),
        *("spark.local.dir", "spark.sql.warehouse.dir", "spark.sql.catalogImplementation"),
        *("spark.submit.deployMode", "spark.driver.defaultJavaOptions"),
    }
)
"""What keeps jobs apart and Spark on this machine: no context may set it."""

_MASTER = re.compile(r"local(\[(\d+|\*)(,\s*\d+)?\])?")


def _passable(text: str) -> str:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError("has a NUL character or half of a surrogate pair")
    return text


def _statement(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return _passable(text)


def _allowed(properties: dict[str, str]) -> dict[str, str]:
    for name, value in properties.items():
        if not name.startswith("spark.") or "=" in name:
            raise ValueError(f"{name!r} is no property of Spark: they begin with `spark.`")
        if name in OWN_PROPERTIES:
            raise ValueError(f"{name} is set by the gateway, to keep jobs apart")
        if name == "spark.master" and not _MASTER.fullmatch(value):
            raise ValueError(f"spark.master can only be local here, as `local[4]`, not {value!r}")
    return properties


Text = Annotated[str, AfterValidator(_passable)]
Properties = Annotated[dict[Text, Text], AfterValidator(_allowed)]


class Parameters(PluginOptions):
    """Heimdall's place for a job's properties.

    Attributes:
        properties: as in `JobOptions`, and stronger.
    """

    properties: Properties = Field(default_factory=dict)


class JobOptions(PluginOptions):
    """One statement.

    Attributes:
        query: the statement's text.
        return_result: whether the result is wanted; the statement is run in any case.
        properties: Spark's, stronger than the command's.
    """

    query: Annotated[str, AfterValidator(_statement)]
    return_result: bool = False
    properties: Properties = Field(default_factory=dict)
    parameters: Parameters = Field(default_factory=Parameters)


class CommandOptions(PluginOptions):
    """What every job of the command has in common.

    Attributes:
        properties: Spark's, stronger than the cluster's.
        max_rows: a result of more fails its job.
        max_bytes: of the result as JSON, and as Parquet, likewise.
    """

    properties: Properties = Field(default_factory=dict)
    max_rows: int = Field(default=DEFAULT_MAX_ROWS, ge=1)
    max_bytes: int = Field(default=DEFAULT_MAX_BYTES, ge=1, le=MAX_RESULT_BYTES)


class ClusterOptions(PluginOptions):
    """Which Spark.

    Attributes:
        spark_submit: the program, by its path or as it is found on the PATH of the executor.
        properties: Spark's.
        directory: below which every run has a directory; None means where temporary files are.
    """

    spark_submit: Annotated[str, AfterValidator(_passable)] = Field(
        default="spark-submit", min_length=1
    )
    properties: Properties = Field(default_factory=dict)
    directory: Annotated[str, AfterValidator(_passable)] | None = Field(default=None, pattern="^/")


def properties_of(
    job: JobOptions, command: CommandOptions, cluster: ClusterOptions
) -> dict[str, Any]:
    """Put the properties of a job together, the strongest last."""
    return {
        **cluster.properties,
        **command.properties,
        **job.properties,
        **job.parameters.properties,
    }


def _sql(job: JobOptions, command: CommandOptions, cluster: ClusterOptions) -> SqlText | None:
    own = {**job.properties, **job.parameters.properties}
    return statement_of(job.query, own, {**cluster.properties, **command.properties})


OPTIONS = OptionModels(job=JobOptions, command=CommandOptions, cluster=ClusterOptions, sql=_sql)

"""The contexts that plugins for Spark have in common, as Heimdall's; loads no driver."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from heimdall.aws.s3 import S3Uri
from heimdall.plugin.options import PluginOptions
from heimdall.spark.report import DEFAULT_MAX_BYTES, DEFAULT_MAX_ROWS, MAX_RESULT_BYTES

MAX_PROPERTIES = 100
"""So many properties a configuration of EMR may have, and so long each name and value may be."""

MAX_PROPERTY_CHARACTERS = 1_024

PropertyName = Annotated[
    str, Field(pattern=r"^spark\.[\w.\-]+$", max_length=MAX_PROPERTY_CHARACTERS)
]
PropertyValue = Annotated[str, Field(pattern=r"\S", max_length=MAX_PROPERTY_CHARACTERS)]
Properties = dict[PropertyName, PropertyValue]
"""Spark's own properties; it ignores others. Values are texts, as in Heimdall."""

JavaClass = Annotated[
    str, Field(pattern=r"^[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*$", max_length=512)
]
Arguments = list[Annotated[str, Field(pattern=r"\S", max_length=10_280)]]


class SparkParameters(PluginOptions):
    """What Heimdall's jobs give to spark-submit.

    Attributes:
        entry_point: the main class of a jar.
    """

    properties: Properties = Field(default_factory=dict)
    entry_point: JavaClass | None = None


class SparkJobOptions(PluginOptions):
    """A statement of SparkSQL, or a program.

    Attributes:
        entry_point: a jar or a Python file below the command's `programs_uri`.
        arguments: of the program.
        main_class: of a jar; the same as `parameters.entry_point`.
        return_result: whether the statement's rows are the job's result.
    """

    query: str | None = Field(default=None, pattern=r"\S")
    entry_point: S3Uri | None = None
    arguments: Arguments | None = Field(default=None, max_length=1_024)
    main_class: JavaClass | None = None
    parameters: SparkParameters = Field(default_factory=SparkParameters)
    return_result: bool = False


class SparkCommandOptions(PluginOptions):
    """Where everything goes, and how much a result may be.

    Attributes:
        queries_uri: statements are put below it.
        results_uri: results are put below it.
        logs_uri: logs of drivers and executors are put below it.
        wrapper_uri: below which the wrapper for statements is put, `queries_uri` if not given. If
            it is a jar or a Python file, the wrapper is put beside it, and jobs with arguments and
            no statement run the file itself, as in Heimdall.
        programs_uri: jobs may bring any program below it; without it they bring none.
        max_rows: a result of more rows fails its job.
        max_bytes: so does a larger one.
    """

    queries_uri: S3Uri | None = None
    results_uri: S3Uri | None = None
    logs_uri: S3Uri | None = None
    wrapper_uri: S3Uri | None = None
    programs_uri: S3Uri | None = None
    properties: Properties = Field(default_factory=dict)
    max_rows: int = Field(default=DEFAULT_MAX_ROWS, ge=1, le=100_000_000)
    max_bytes: int = Field(default=DEFAULT_MAX_BYTES, ge=1_024, le=MAX_RESULT_BYTES)


def laid_over(*layers: Mapping[str, str]) -> dict[str, str]:
    """Lay properties over one another, the last one on top: cluster, command, job."""
    merged: dict[str, str] = {}
    for layer in layers:
        merged.update(layer)
    return merged


def merged_properties(*layers: Mapping[str, str]) -> dict[str, str]:
    """Lay properties over one another, for EMR.

    Raises:
        ValueError: there are more than EMR takes.
    """
    merged = laid_over(*layers)
    if len(merged) > MAX_PROPERTIES:
        raise ValueError(f"{len(merged)} properties in all; EMR takes {MAX_PROPERTIES}")
    return merged

"""What EMR Serverless and EMR on EKS are told alike: properties and places of logs."""

from collections.abc import Mapping
from typing import Any

from heimdall.domain.errors import PluginError
from heimdall.spark.options import SparkCommandOptions, SparkJobOptions, merged_properties
from heimdall.spark.program import Program


def submit_driver(program: Program) -> Any:  # noqa: ANN401 - as both services take it
    """Return the part of a request that names the program."""
    driver: dict[str, Any] = {
        "entryPoint": program.entry_point,
        "entryPointArguments": list(program.arguments),
    }
    if program.main_class:
        driver["sparkSubmitParameters"] = f"--class {program.main_class}"
    return driver


def configuration(
    job: SparkJobOptions, command: SparkCommandOptions, cluster_properties: Mapping[str, str]
) -> Any:  # noqa: ANN401 - as both services take it
    """Return the part of a request that has the properties and the place of the logs.

    Properties go where they need no quoting: into `spark-defaults`, not behind `--conf`.

    Raises:
        PluginError: there are too many of them.
    """
    try:
        properties = merged_properties(
            cluster_properties, command.properties, job.parameters.properties
        )
    except ValueError as error:
        raise PluginError(f"the properties do not fit: {error}") from error
    parts: dict[str, Any] = {}
    if properties:
        parts["applicationConfiguration"] = [
            {"classification": "spark-defaults", "properties": properties}
        ]
    if command.logs_uri is not None:
        parts["monitoringConfiguration"] = {
            "s3MonitoringConfiguration": {"logUri": f"{command.logs_uri.rstrip('/')}/"}
        }
    return parts

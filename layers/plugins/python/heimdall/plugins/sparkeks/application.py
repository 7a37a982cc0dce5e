"""The SparkApplication that a run is, as the operator takes it, and how it is named."""

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from heimdall.plugin.identity import Identity
from heimdall.plugins.sparkeks.options import (
    WHOLE_NUMBERS,
    ApplicationTemplate,
    ClusterOptions,
    CommandOptions,
    JobOptions,
)
from heimdall.spark.options import laid_over
from heimdall.spark.program import Program

KEPT_SECONDS = 86_400
"""How long the operator keeps an ended application, if the template does not say."""

JOB_LABEL = "heimdall/job"

_EXTENSIONS = "spark.sql.extensions"
_FIELDS = {
    "spark.driver.cores": ("driver", "cores"),
    "spark.driver.memory": ("driver", "memory"),
    "spark.executor.instances": ("executor", "instances"),
    "spark.executor.cores": ("executor", "cores"),
    "spark.executor.memory": ("executor", "memory"),
}
_NAME = re.compile(r"(?P<prefix>heimdall-[0-9a-f]{8}-)(?P<job>[0-9a-f]{32})(?P<run>-\d+)")
_NOT_IN_A_LABEL = re.compile(r"[^A-Za-z0-9_.-]+")
_MAX_LABEL_CHARACTERS = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The contexts of a run, and the template that they are laid over."""

    job: JobOptions
    command: CommandOptions
    cluster: ClusterOptions
    template: ApplicationTemplate


def name_of(identity: Identity) -> str:
    """Return what a run's application is called: the run's name with the job's id made shorter.

    The operator appends to it, and what it makes has at most 63 characters.
    """
    return identity.work_name.replace(identity.job_id, identity.job_id.replace("-", ""))


def run_of(name: str, identity: Identity) -> tuple[str, int] | None:
    """Return the job and the run of an application of this deployment; None for other names."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    job = found["job"]
    job_id = "-".join((job[:8], job[8:12], job[12:16], job[16:20], job[20:]))
    return identity.run_of(f"{found['prefix']}{job_id}{found['run']}")


def manifest_of(identity: Identity, settings: Settings, program: Program) -> dict[str, Any]:
    """Return the application of a run."""
    template, labels = settings.template, labels_of(identity)
    return {
        "apiVersion": template.api_version,
        "kind": template.kind,
        "metadata": {
            "name": name_of(identity),
            "namespace": settings.command.kube_namespace,
            "labels": {**template.metadata.labels, **labels},
            "annotations": dict(template.metadata.annotations),
        },
        "spec": _spec(name_of(identity), labels, settings, program),
    }


def labels_of(identity: Identity) -> Mapping[str, str]:
    """Return the marks of a run as labels, on its application and its pods."""
    marks = {
        JOB_LABEL: identity.job_id,
        "heimdall/run": str(identity.run),
        "heimdall/deployment": identity.deployment,
        "heimdall/user": identity.user,
    }
    return {name: _as_label(value) for name, value in marks.items()}


def _as_label(value: str) -> str:
    return _NOT_IN_A_LABEL.sub("_", value)[-_MAX_LABEL_CHARACTERS:].strip("_.-")


def _spec(
    name: str, labels: Mapping[str, str], settings: Settings, program: Program
) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "mode": "cluster",
        "sparkVersion": "",
        "pythonVersion": "3",
        "timeToLiveSeconds": KEPT_SECONDS,
        **deepcopy(settings.template.spec),
        "type": "Python",
        "mainApplicationFile": _for_hadoop(program.entry_point),
        "arguments": [_for_hadoop(argument) for argument in program.arguments],
        "restartPolicy": {"type": "Never"},  # runs are what is repeated
    }
    spec.pop("mainClass", None)
    if settings.cluster.image is not None:
        spec["image"] = settings.cluster.image
    for part in ("driver", "executor"):
        fields = spec[part] = dict(spec.get(part) or {})
        fields["labels"] = {**(fields.get("labels") or {}), **labels}
    if settings.cluster.region is not None:
        variables = spec["driver"].get("envVars") or {}
        spec["driver"]["envVars"] = {**variables, "AWS_REGION": settings.cluster.region}
    spec["sparkConf"] = _properties(name, spec, settings)
    return spec


def _properties(name: str, spec: dict[str, Any], settings: Settings) -> dict[str, str]:
    """Return Spark's properties; those that the operator has fields for become fields."""
    properties = {**(spec.get("sparkConf") or {}), "spark.app.name": name}
    if settings.command.event_log_uri is not None:
        properties["spark.eventLog.enabled"] = "true"
        properties["spark.eventLog.dir"] = _for_hadoop(settings.command.event_log_uri)
    given = laid_over(
        settings.cluster.properties,
        settings.command.properties,
        settings.job.parameters.properties,
    )
    for field, (part, key) in _FIELDS.items():
        if (value := given.pop(field, None)) is not None:
            spec[part][key] = int(value) if field in WHOLE_NUMBERS else value
    properties.update(given)
    required = settings.cluster.required_spark_sql_extensions
    if required is not None:
        wanted = f"{properties.get(_EXTENSIONS, '')},{required}".split(",")
        names = dict.fromkeys(filter(None, (each.strip() for each in wanted)))
        properties[_EXTENSIONS] = ",".join(names)
    return properties


def _for_hadoop(uri: str) -> str:
    """Name a place in S3 as Hadoop's own file system does; EMR's is not there."""
    return f"s3a://{uri.removeprefix('s3://')}" if uri.startswith("s3://") else uri

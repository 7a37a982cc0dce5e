"""What a deployment can choose, read from the CDK context and checked before anything is built."""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.dataclasses import dataclass

from infra.layout import ROOT

PREFIX = "heimdall:"

LOG_RETENTION = {
    1: "ONE_DAY",
    3: "THREE_DAYS",
    5: "FIVE_DAYS",
    7: "ONE_WEEK",
    14: "TWO_WEEKS",
    30: "ONE_MONTH",
    60: "TWO_MONTHS",
    90: "THREE_MONTHS",
    180: "SIX_MONTHS",
    365: "ONE_YEAR",
}
"""Days for which CloudWatch Logs can keep a log, with CDK's names for them."""


class ConfigError(ValueError):
    """The context holds a value that cannot be deployed; the message names its key."""


def _parsed(value: object) -> object:
    """Read what came as `-c key=value`: text on the command line, JSON where it is structured."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from error


def _known_to_cloudwatch(days: int) -> int:
    if days not in LOG_RETENTION:
        raise ValueError(f"CloudWatch Logs knows {', '.join(map(str, LOG_RETENTION))} days only")
    return days


def _existing(path: str) -> str:
    if not (ROOT / path).is_file():
        raise ValueError(f"there is no file {path}; name it relative to the checkout")
    return path


MemoryMb = Annotated[int, Field(ge=128, le=10_240)]
RunnerName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,15}$")]
PluginName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
Plugins = Annotated[tuple[PluginName, ...], Field(min_length=1)]
Runners = Annotated[dict[RunnerName, Plugins], BeforeValidator(_parsed), Field(min_length=1)]

RoleArns = Annotated[
    tuple[
        Annotated[
            str, Field(pattern=r"^arn:aws[a-z-]*:iam::([0-9]{12}|\*):role/[A-Za-z0-9_+=,.@/*?-]+$")
        ],
        ...,
    ],
    BeforeValidator(_parsed),
]
PolicyArns = Annotated[
    tuple[
        Annotated[
            str, Field(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:policy/[A-Za-z0-9_+=,.@/-]+$")
        ],
        ...,
    ],
    Field(min_length=1, max_length=10),
]
RunnerPolicies = Annotated[dict[RunnerName, PolicyArns], BeforeValidator(_parsed)]

RUNNERS: dict[str, tuple[str, ...]] = {
    "light": (
        *("ping", "shell", "noop"),
        *("athena", "batch", "ecs", "emr", "emr-serverless", "glue-job", "lambda"),
        *("redshift", "spark", "sparkeks", "stepfunctions"),
    )
}
"""The plugins that need nothing but boto3; not spark-local, which is for one machine."""


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Config:
    """One deployment; each field is set by the context key `heimdall:<field>`."""

    stack_prefix: Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]{0,31}$")] = "Heimdall"
    retention_days: Annotated[int, Field(ge=1, le=3650)] = 30
    audit_retention_days: Annotated[int, Field(ge=1, le=3650)] = 365
    log_retention_days: Annotated[int, AfterValidator(_known_to_cloudwatch)] = 30
    submit_memory_mb: MemoryMb = 512
    query_memory_mb: MemoryMb = 512
    execute_memory_mb: MemoryMb = 512
    orchestrate_memory_mb: MemoryMb = 512
    runners: Runners = Field(default_factory=lambda: dict(RUNNERS))
    stop_orphans: bool = False
    role_arns: RoleArns = ()
    runner_policies: RunnerPolicies = Field(default_factory=dict)
    plugin_requirements: Annotated[str, AfterValidator(_existing)] | None = None
    alarm_topic_arn: (
        Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:sns:[^:]+:\d{12}:.+$")] | None
    ) = None
    stale_message_seconds: Annotated[int, Field(ge=60)] = 300
    requests_per_second: Annotated[int, Field(ge=1)] | None = None
    request_burst: Annotated[int, Field(ge=1)] | None = None
    xray_tracing: bool = False
    deletion_protection: bool = True

    @model_validator(mode="after")
    def _limits_go_together(self) -> "Config":
        if (self.requests_per_second is None) != (self.request_burst is None):
            raise ValueError("give requests_per_second and request_burst together, or neither")
        return self

    @model_validator(mode="after")
    def _policies_are_of_runners(self) -> "Config":
        for name in self.runner_policies:
            if name not in self.runners:
                raise ValueError(f"runner_policies names {name}, and there is no such runner")
        return self


def read_config(context: Mapping[str, Any]) -> Config:
    """Take this project's keys out of a CDK context.

    Raises:
        ConfigError: a key that no deployment knows, or a value that cannot be deployed.
    """
    chosen = {
        key.removeprefix(PREFIX): value for key, value in context.items() if key.startswith(PREFIX)
    }
    known = [field.name for field in fields(Config)]
    for name in chosen:
        if name not in known:
            raise ConfigError(f"{PREFIX}{name} is no option; there are {', '.join(known)}")
    try:
        return TypeAdapter(Config).validate_python(chosen)
    except ValidationError as error:
        raise ConfigError("\n".join(_sentences(error))) from error


def _sentences(error: ValidationError) -> list[str]:
    return [
        f"{PREFIX}{'.'.join(str(part) for part in found['loc'])}: {found['msg']}, "
        f"not {found['input']!r}"
        if found["loc"]
        else found["msg"].removeprefix("Value error, ")
        for found in error.errors()
    ]


def context_of_checkout() -> dict[str, Any]:
    """Read the context that the CDK command line would pass: cdk.json, then cdk.context.json.

    With it `python app.py` writes the same templates as `cdk synth`.
    """
    context: dict[str, Any] = dict(_read(ROOT / "cdk.json").get("context", {}))
    context.update(_read(ROOT / "cdk.context.json"))
    return context


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path.name} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path.name} must hold a JSON object")
    return content

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
StorageMb = Annotated[int, Field(ge=512, le=10_240)]
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

RunnerMemory = Annotated[dict[RunnerName, MemoryMb], BeforeValidator(_parsed)]
RunnerStorage = Annotated[dict[RunnerName, StorageMb], BeforeValidator(_parsed)]

RUNNERS: dict[str, tuple[str, ...]] = {
    "light": (
        *("ping", "shell", "noop", "http"),
        *("athena", "batch", "dynamo", "ecs", "emr", "emr-serverless"),
        *("glue", "glue-job", "lambda"),
        *("redshift", "spark", "sparkeks", "stepfunctions"),
    ),
    "sql": ("clickhouse", "postgres", "trino"),
    "snowflake": ("snowflake",),
    "arrow": ("duckdb", "starrocks"),
}
"""The runners of a deployment that chooses none; those without any plugin are left out.

`light` has the plugins that need nothing but boto3; not spark-local, which is for one machine.
"""

FAMILIES = {
    "postgres": "sql",
    "trino": "sql",
    "clickhouse": "sql",
    "snowflake": "snowflake",
    "duckdb": "arrow",
    "starrocks": "arrow",
}
"""Plugins that need more than the shared layer: the family of it, requirements/<family>.txt."""

ONE_PROCESSOR_MB = 1769
"""With this much memory a function has one whole processor."""

DATA_STORAGE_MB = 2048


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Network:
    """Where in a VPC a runner's function is, so that it reaches what is only there."""

    subnet_ids: Annotated[
        tuple[Annotated[str, Field(pattern=r"^subnet-[0-9a-f]+$")], ...],
        Field(min_length=1, max_length=16),
    ]
    security_group_ids: Annotated[
        tuple[Annotated[str, Field(pattern=r"^sg-[0-9a-f]+$")], ...],
        Field(min_length=1, max_length=5),
    ]


RunnerNetworks = Annotated[dict[RunnerName, Network], BeforeValidator(_parsed)]


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
    runners: Runners = Field(
        default_factory=lambda: {name: plugins for name, plugins in RUNNERS.items() if plugins}
    )
    runner_memory_mb: RunnerMemory = Field(default_factory=dict)
    runner_storage_mb: RunnerStorage = Field(default_factory=dict)
    runner_vpc: RunnerNetworks = Field(default_factory=dict)
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
    def _maps_are_of_runners(self) -> "Config":
        for option in ("runner_policies", "runner_memory_mb", "runner_storage_mb", "runner_vpc"):
            for name in getattr(self, option):
                if name not in self.runners:
                    raise ValueError(f"{option} names {name}, and there is no such runner")
        return self

    def families_of(self, runner: str) -> tuple[str, ...]:
        """The families of dependencies that a runner's plugins need, in a fixed order."""
        needed = {FAMILIES[plugin] for plugin in self.runners[runner] if plugin in FAMILIES}
        return tuple(sorted(needed))

    def memory_mb_of(self, runner: str) -> int:
        """A runner's memory: at least one processor's where data is worked on."""
        least = ONE_PROCESSOR_MB if self.families_of(runner) else 0
        return self.runner_memory_mb.get(runner, max(self.execute_memory_mb, least))

    def storage_mb_of(self, runner: str) -> int | None:
        """The size of a runner's /tmp; None for what Lambda gives without being asked."""
        usual = DATA_STORAGE_MB if self.families_of(runner) else None
        return self.runner_storage_mb.get(runner, usual)

    def maker_of_forms(self) -> str | None:
        """The runner that makes results Parquet, Arrow or CSV: the first that has pyarrow."""
        return next((runner for runner in self.runners if self.families_of(runner)), None)


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

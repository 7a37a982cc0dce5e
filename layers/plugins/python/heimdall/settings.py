"""What a deployment tells its functions: one class each, read from the environment."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

PREFIX = "HEIMDALL_"


class MissingSettingError(Exception):
    """A function's environment lacks a variable: a fault of the deployment."""


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """How to reach one runner.

    Attributes:
        queue_url: where its jobs go.
        wakes_url: where it is told to look after work at engines.
    """

    function: str
    queue_url: str
    wakes_url: str
    plugins: tuple[str, ...]


def _runners(text: str) -> Mapping[str, RunnerSettings]:
    return {
        name: RunnerSettings(
            function=runner["function"],
            queue_url=runner["queue_url"],
            wakes_url=runner["wakes_url"],
            plugins=tuple(runner["plugins"]),
        )
        for name, runner in json.loads(text).items()
    }


def _names(text: str) -> frozenset[str]:
    return frozenset(name.strip() for name in text.split(",") if name.strip())


def _setting(read: Callable[[str], Any] = str) -> Any:  # noqa: ANN401 - a dataclass field
    return field(metadata={"read": read})


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitSettings:
    """For `functions.submit`."""

    jobs_table: str = _setting()
    catalog_table: str = _setting()
    bucket: str = _setting()
    runners: Mapping[str, RunnerSettings] = _setting(_runners)
    trusted_proxies: frozenset[str] = _setting(_names)
    admins: frozenset[str] = _setting(_names)
    default_role: str = _setting()
    retention_days: int = _setting(int)
    audit_retention_days: int = _setting(int)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySettings:
    """For `functions.query`.

    Attributes:
        forms_function: makes results Parquet, Arrow or CSV; empty if no runner has what it takes.
    """

    jobs_table: str = _setting()
    catalog_table: str = _setting()
    bucket: str = _setting()
    runners: Mapping[str, RunnerSettings] = _setting(_runners)
    trusted_proxies: frozenset[str] = _setting(_names)
    admins: frozenset[str] = _setting(_names)
    default_role: str = _setting()
    audit_retention_days: int = _setting(int)
    forms_function: str = _setting()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuteSettings:
    """For `functions.execute`."""

    jobs_table: str = _setting()
    catalog_table: str = _setting()
    bucket: str = _setting()
    deployment: str = _setting()
    queue_url: str = _setting()
    wakes_url: str = _setting()
    long_jobs_arn: str = _setting()
    retention_days: int = _setting(int)
    audit_retention_days: int = _setting(int)
    stop_orphans: bool = _setting(json.loads)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrchestrateSettings:
    """For `functions.orchestrate`.

    Attributes:
        dead_letters: the runner of each queue of dead letters, by the queue's ARN.
    """

    jobs_table: str = _setting()
    runners: Mapping[str, RunnerSettings] = _setting(_runners)
    dead_letters: Mapping[str, str] = _setting(json.loads)
    retention_days: int = _setting(int)


Settings = TypeVar("Settings")


def read_settings(
    settings_type: type[Settings], environment: Mapping[str, str] | None = None
) -> Settings:
    """Read a function's settings: the field `jobs_table` from `HEIMDALL_JOBS_TABLE`.

    Args:
        settings_type: the class to fill.
        environment: where from; the process's environment if not given.

    Raises:
        MissingSettingError: a variable is not set.
    """
    source = os.environ if environment is None else environment
    values = {}
    for item in fields(settings_type):  # type: ignore[arg-type]  # always one of the above
        name = PREFIX + item.name.upper()
        if name not in source:
            raise MissingSettingError(f"the environment variable {name} is not set")
        values[item.name] = item.metadata["read"](source[name])
    return settings_type(**values)

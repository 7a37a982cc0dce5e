"""The contexts that a plugin takes, as models; loaded where jobs are submitted, without `spec`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from heimdall.plugin.sql_text import SqlText


class PluginOptions(BaseModel):
    """A context that a plugin understands: unknown fields are refused, nothing is coerced."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, hide_input_in_errors=True, defer_build=True
    )


class AnyOptions(BaseModel):
    """A context that the plugin does not look into."""

    model_config = ConfigDict(
        extra="allow", frozen=True, hide_input_in_errors=True, defer_build=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionModels:
    """The three contexts that a plugin takes: of the job, of the command, of the cluster.

    Attributes:
        check: looks at all three together, in this order; a ValueError refuses the job.
        sql: gives the SQL that a job with these three executes, for the policy; None if the job
            has none. A plugin without it has no SQL.
    """

    job: type[BaseModel]
    command: type[BaseModel] = AnyOptions
    cluster: type[BaseModel] = AnyOptions
    check: Callable[[Any, Any, Any], None] | None = None
    sql: Callable[[Any, Any, Any], SqlText | None] | None = None

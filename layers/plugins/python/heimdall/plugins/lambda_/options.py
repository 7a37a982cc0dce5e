"""The contexts that lambda takes."""

import json
from typing import Any

from pydantic import BaseModel, Field, field_validator, model_validator

from heimdall.aws.options import AwsClusterOptions
from heimdall.plugin.options import OptionModels, PluginOptions

MAX_PAYLOAD_BYTES = 6_291_456
"""What a function may be called with (Lambda's quota)."""

MAX_DURABLE_PAYLOAD_BYTES = 1_048_576
"""What a durable execution may be started with, which is an asynchronous invocation."""

FUNCTION = (
    r"^(arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]{1,140}"
    r"|[A-Za-z0-9_-]{1,64})$"
)
QUALIFIER = r"^(\$LATEST|[A-Za-z0-9_-]{1,128})$"


def payload_of(payload: object) -> bytes:
    """Write a payload as the function gets it."""
    return json.dumps(payload, separators=(",", ":")).encode()


class JobOptions(PluginOptions):
    """What the function is called with.

    Attributes:
        payload: any JSON.
    """

    payload: Any = Field(default_factory=dict)

    @field_validator("payload")
    @classmethod
    def _small_enough(cls, value: Any) -> Any:  # noqa: ANN401 - any JSON
        size = len(payload_of(value))
        if size > MAX_PAYLOAD_BYTES:
            raise ValueError(f"has {size:,} bytes; Lambda takes {MAX_PAYLOAD_BYTES:,}")
        return value


class CommandOptions(PluginOptions):
    """Which function, and how it is called.

    Attributes:
        function_name: its name, or its ARN without a version.
        qualifier: a version or an alias; without one, what the function is at that moment.
        durable: whether the function is a durable one, which goes on without being waited for.
        repeatable: whether a function that is not durable may be called again with the same
            payload, if nobody knows whether it was called.
    """

    function_name: str = Field(pattern=FUNCTION)
    qualifier: str | None = Field(default=None, pattern=QUALIFIER)
    durable: bool = False
    repeatable: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> "CommandOptions":
        if self.durable and self.qualifier is None:
            raise ValueError("needs a qualifier: durable functions are called by version or alias")
        if self.durable and self.repeatable:
            raise ValueError(
                "is durable, so that Lambda itself sees to it that nothing is repeated"
            )
        return self


def check(job: JobOptions, command: CommandOptions, cluster: BaseModel) -> None:  # noqa: ARG001 - called with all three
    """Refuse a payload that a durable function does not take.

    Raises:
        ValueError: it is too large.
    """
    size = len(payload_of(job.payload)) if command.durable else 0
    if size > MAX_DURABLE_PAYLOAD_BYTES:
        raise ValueError(
            f"the payload has {size:,} bytes; a durable function takes "
            f"{MAX_DURABLE_PAYLOAD_BYTES:,}"
        )


OPTIONS = OptionModels(
    job=JobOptions, command=CommandOptions, cluster=AwsClusterOptions, check=check
)

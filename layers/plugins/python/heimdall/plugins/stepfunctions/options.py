"""The contexts that stepfunctions takes."""

import json
from typing import Any

from pydantic import Field, field_validator

from heimdall.aws.options import AwsClusterOptions
from heimdall.plugin.options import OptionModels, PluginOptions

MAX_INPUT_BYTES = 262_144
"""What an execution may be started with (Step Functions' quota)."""

STATE_MACHINE = r"^arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:stateMachine:[A-Za-z0-9_-]{1,80}$"


def input_text(value: Any) -> str:  # noqa: ANN401 - any JSON
    """Write the input as it is sent: in ASCII, which has all that JSON may have."""
    return json.dumps(value, separators=(",", ":"))


class JobOptions(PluginOptions):
    """What the state machine is started with.

    Attributes:
        input: any JSON.
    """

    input: Any = Field(default_factory=dict)

    @field_validator("input")
    @classmethod
    def _small_enough(cls, value: Any) -> Any:  # noqa: ANN401 - any JSON
        size = len(input_text(value))
        if size > MAX_INPUT_BYTES:
            raise ValueError(f"has {size:,} bytes; Step Functions takes {MAX_INPUT_BYTES:,}")
        return value


class CommandOptions(PluginOptions):
    """Which state machine."""

    state_machine_arn: str = Field(pattern=STATE_MACHINE)


OPTIONS = OptionModels(job=JobOptions, command=CommandOptions, cluster=AwsClusterOptions)

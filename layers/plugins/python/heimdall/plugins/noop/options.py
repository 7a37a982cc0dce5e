"""The contexts that noop takes."""

from typing import Any, Literal

from pydantic import Field

from heimdall.plugin.options import AnyOptions, OptionModels, PluginOptions
from heimdall.plugin.secret import Secret

MAX_DELAY_SECONDS = 86_400
"""A day: longer than any run inside one function, so that deadlines can be tried out."""

MAX_OUTPUT_BYTES = 1_000_000_000
"""A gigabyte: twice the memory of the light runner, so nothing passes by keeping it all."""


TokenLeak = Literal["stdout", "stderr", "detail", "result", "output", "crash", "log"]


class JobOptions(PluginOptions):
    """How the run shall go: first the output is written, then the delay, then fault and outcome.

    Attributes:
        outcome: how the run ends, unless a fault comes first.
        delay_seconds: how long it takes; a stop ends the wait.
        output_bytes: how much is written to stdout, in lines of 64 bytes.
        fault: what goes wrong: `error` raises what no plugin should raise, `transient` says that
            the engine is out of reach, `crash` ends the executor's process without a word.
        faulty_runs: how many runs the fault hits; None for all.
        payload: any JSON; the result is its size.
        outputs: what the plugin tells of the work, for the cluster's attributes.
        show_token: where the cluster's token is let out, which the executor has to prevent:
            `crash` puts it into an error that no plugin should raise, `log` into the log.
    """

    outcome: Literal["succeeded", "failed"] = "succeeded"
    delay_seconds: float = Field(default=0.0, ge=0, le=MAX_DELAY_SECONDS, allow_inf_nan=False)
    output_bytes: int = Field(default=0, ge=0, le=MAX_OUTPUT_BYTES)
    fault: Literal["none", "error", "transient", "crash"] = "none"
    faulty_runs: int | None = Field(default=None, ge=0)
    payload: Any = None
    outputs: dict[str, str] = Field(default_factory=dict)
    show_token: TokenLeak | None = None


class ClusterOptions(AnyOptions):
    """Where the run takes place, which may be any cluster.

    Attributes:
        token: a secret, for `show_token`; an unhealthy cluster's is revealed by the probe.
        is_healthy: what a probe says.
        health_delay_seconds: how long a probe takes.
    """

    token: Secret | None = None
    is_healthy: bool = True
    health_delay_seconds: float = Field(
        default=0.0, ge=0, le=MAX_DELAY_SECONDS, allow_inf_nan=False
    )


OPTIONS = OptionModels(job=JobOptions, cluster=ClusterOptions)

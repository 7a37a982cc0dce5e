"""What a plugin is: four calls and the values that they exchange."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Protocol

from pydantic import BaseModel

from heimdall.domain.cluster import Cluster
from heimdall.domain.command import Command
from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import Result
from heimdall.plugin.identity import Identity
from heimdall.plugin.output import OutputStream, RunOutput


class RunState(StrEnum):
    """Where a run is."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


class StopReason(StrEnum):
    """Why a run has to end before its time."""

    CANCELED = "canceled"
    DEADLINE = "deadline"


class StopSignal(Protocol):
    """Tells work that happens inside `start` that it has to end."""

    @property
    def reason(self) -> StopReason | None:
        """Why, or None as long as the run may go on."""
        ...

    def wait(self, seconds: float) -> bool:
        """Sleep until the run has to end, at most `seconds`; return whether it has to."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """One attempt to do a job on its pair.

    Attributes:
        run: the number of the attempt, from 1.
        token: the same for every try of this attempt; engines take it as their client token.
        options: the job's context, an instance of the plugin's `Options`.
        command_options: the command's context, an instance of `CommandOptions`.
        cluster_options: the cluster's context, an instance of `ClusterOptions`.
        seconds_left: how long the work may take inside `start`.
        run_seconds: how long it may take at an engine; None if nobody said. The gateway itself
            ends it then, so a plugin tells its engine only as a second safeguard.
        is_retry: whether this attempt was begun before, and may have started the work already:
            an engine that takes no client token has to be asked for it.
        identity: on whose behalf the engine is called, without a role.
        stop: for work that happens inside `start`: when it has to end.
        output: takes the result of such work, if it may be too large for memory.
    """

    job_id: str
    run: int
    token: str
    user: str
    command: Command
    cluster: Cluster
    options: BaseModel
    command_options: BaseModel
    cluster_options: BaseModel
    seconds_left: float
    stop: StopSignal
    stdout: OutputStream
    stderr: OutputStream
    output: RunOutput
    identity: Identity
    run_seconds: int | None = None
    is_retry: bool = False

    @property
    def tags(self) -> Mapping[str, str]:
        """What everything that is started for the run is marked with, if the engine has marks."""
        return self.identity.work_tags


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHandle:
    """How to find work at an engine again: strings only, since it lives in the job's item.

    Attributes:
        values: for the plugin: what `poll` and `cancel` have to know. Of a secret, its reference.
        outputs: for people: what is known of the work already; see `RunReport`.
        work_id: what the engine's events call the work, `<plugin>:<id at the engine>`; None if
            it sends none.
        retry_after_seconds: when to ask for the first time; None means the default.
        read_secret: gives the value of a reference; the executor puts it in, it is not stored.
    """

    values: Mapping[str, str]
    outputs: Mapping[str, str] = field(default_factory=dict)
    work_id: str | None = None
    retry_after_seconds: float | None = None
    read_secret: Callable[[str], str] | None = field(default=None, compare=False, repr=False)

    def reveal(self, name: str) -> str:
        """Return the secret whose reference is one of the values.

        Raises:
            TransientPluginError: it could not be read now.
            PluginError: the handle has no such reference, or this is no run.
        """
        reference = self.values.get(name)
        if reference is None or self.read_secret is None:
            raise PluginError(f"the handle of the work has no secret {name!r} to reveal")
        return self.read_secret(reference)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """Where a run is, as the engine says.

    Attributes:
        detail: for people: why it failed, or what it is doing.
        failure: of a FAILED run: of which class; None if nobody can tell.
        retry_after_seconds: when to ask again; None means the default.
        outputs: what the work is called at the engine, where it can be looked at, what it cost:
            `{"query_id": "...", "url": "https://..."}`. Clusters' attributes show them; each
            report adds to those before it.
    """

    state: RunState
    detail: str | None = None
    failure: Failure | None = None
    result: Result | None = None
    retry_after_seconds: float | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthRequest:
    """The question whether a cluster works.

    Attributes:
        cluster_options: the cluster's context, an instance of `ClusterOptions`.
        seconds_left: an answer that comes later is not waited for.
        identity: the gateway's own.
    """

    cluster: Cluster
    cluster_options: BaseModel
    seconds_left: float
    identity: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """Whether a cluster works; `detail` is for people: why it does not."""

    is_healthy: bool
    detail: str = ""


class Plugin(Protocol):
    """Runs jobs of one kind. No call waits for an engine.

    Work that an engine does is started by `start`, which returns a handle. Work that the plugin
    does itself happens inside `start`, within `seconds_left`, heeding `stop`.
    """

    name: ClassVar[str]

    def start(self, run: RunRequest) -> RunHandle | RunReport:
        """Begin the work, or do it; idempotent on `run.token`.

        Raises:
            TransientPluginError: throttled or unreachable; whether the work was started, the next
                call with the same token finds out.
            PluginError: it cannot be started; the job becomes FAILED.
        """
        ...

    def poll(self, handle: RunHandle) -> RunReport:
        """Ask the engine where the run is; never waits.

        Args:
            handle: what `start` returned, possibly hours ago and in another process.

        Raises:
            TransientPluginError: throttled or unreachable; the job stays as it is.
            PluginError: the engine no longer knows the run; the job becomes FAILED.
        """
        ...

    def cancel(self, handle: RunHandle) -> None:
        """Ask the engine to end the run; whether it did comes from `poll`.

        Raises:
            TransientPluginError: throttled or unreachable; ask again.
        """
        ...

    def health(self, request: HealthRequest) -> HealthReport:
        """Ask with one cheap read whether the cluster works.

        Raises:
            PluginError: it does not; or the report says so.
        """
        ...

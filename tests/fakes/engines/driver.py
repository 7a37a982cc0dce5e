"""What the tests of plugins' lives need to do to an engine, whichever it is."""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

Context = Mapping[str, Any]
Values = Mapping[str, str]


class EngineDriver(Protocol):
    """An engine in moto (inside `mock_aws`) that does what the test says, and nothing else.

    An engine that is no service of AWS has a method `faults()` beside these, which returns what
    stands before its start (`tests.fakes.engines.hooks.StartFaults`); `service`,
    `start_operation` and `token` are not looked at then. One that is a server has a method
    `tear_down()`, and one that asks for secrets has their values by their references in `secrets`:
    `{"ssm:/heimdall/key": "..."}`.

    Attributes:
        plugin: its name.
        service: the service's name in boto3.
        start_operation: the call that starts work, which tests throttle and lose the answer of.
        token: the parameter of that call that is a client token, where moto does not honour it.
        has_engine_faults: whether the engine says of a failure that it was its own.
        has_user_errors: whether the engine tells the user's own errors from its own.
        forgets: whether work can vanish from the engine.
        is_searchable: whether `find_work` can find work.
        gives_answers_once: whether the engine forgets an answer when it was read, so that it is
            lost if a function dies before it was kept; an engine without this does not.
        command_context: set by `set_up`, as the two others.
    """

    plugin: ClassVar[str]
    service: ClassVar[str]
    start_operation: ClassVar[str]
    token: ClassVar[str | None] = None
    has_engine_faults: ClassVar[bool] = True
    has_user_errors: ClassVar[bool] = True
    forgets: ClassVar[bool] = True
    is_searchable: ClassVar[bool] = True

    command_context: Context
    cluster_context: Context
    job_context: Context

    def set_up(self) -> None:
        """Make what has to be there before work is started: clusters, definitions, buckets."""
        ...

    def started(self) -> int:
        """How many pieces of work were ever started."""
        ...

    def active(self) -> int:
        """How many of them have not ended: queued ones and running ones."""
        ...

    def succeed(self, handle: Values) -> None:
        """End work well, leaving a result if the plugin reads one."""
        ...

    def fail(self, handle: Values) -> None:
        """End work by a fault of the engine; as the user's error if it knows no others."""
        ...

    def fail_as_user(self, handle: Values) -> None:
        """End work by an error in the job itself."""
        ...

    def stop_by_hand(self, handle: Values) -> None:
        """End work as somebody does in the console."""
        ...

    def finish_cancel(self, handle: Values) -> None:
        """Let a cancel that was asked for take effect, if it does not by itself."""
        ...

    def forget(self, handle: Values) -> None:
        """Delete the work behind the gateway's back."""
        ...

    def say_unknown_state(self, handle: Values) -> None:
        """Let the engine answer with a state that no plugin can know."""
        ...

    def event(self, handle: Values) -> dict[str, Any] | None:
        """Return the event that EventBridge brings when this work has ended; None if none comes.

        `{"source": "aws.states", "detail-type": "...", "detail": {...}}`
        """
        ...

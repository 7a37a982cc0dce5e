"""Submitting jobs, and making sure that a lost answer does not lose or double one."""

from collections.abc import Callable
from uuid import uuid4

from heimdall_client._connection import Call, Connection
from heimdall_client._exceptions import (
    ApiError,
    ConfigurationError,
    InternalError,
    RequestInProgressError,
    TransportError,
    UnreachableError,
)
from heimdall_client._explanation import Explanation
from heimdall_client._job_models import Job, JobRequest
from heimdall_client._waiting import may_pass

RETRY_PAUSES_SECONDS = (0.5, 1, 2, 4, 8, 16, 16)
"""Longer in all than the API works on one request, so that its answer is there at the end."""

MAX_PAUSE_SECONDS = 30


def new_idempotency_key() -> str:
    """Make a key that nobody else has."""
    return str(uuid4())


def submit(connection: Connection, request: JobRequest) -> Job:
    """Submit once."""
    return connection.call(Call("POST", "/job", body=_wire(request)), answer=Job)


def submit_with_key(
    connection: Connection, request: JobRequest, key: str, *, sleep: Callable[[float], None]
) -> Job:
    """Submit, and do it again while it is unknown what became of it.

    What never reached the API is not repeated: nothing is lost, and whoever asks had better know.
    """
    call = Call("POST", "/job", body=_wire(request), headers={"Idempotency-Key": checked_key(key)})
    was_sent = False
    for pause in RETRY_PAUSES_SECONDS:
        try:
            return _submit_once(connection, call)
        except (TransportError, ApiError) as error:
            was_sent = was_sent or not isinstance(error, UnreachableError)
            if not (was_sent and _may_be_repeated(error)):
                raise
            sleep(min(max(pause, _asked_pause(error)), MAX_PAUSE_SECONDS))
    return _submit_once(connection, call)


def explain(connection: Connection, request: JobRequest) -> Explanation:
    """Ask what would be chosen; nothing runs."""
    call = Call("POST", "/job", body=_wire(request), params={"dry_run": "true"})
    return connection.call(call, answer=Explanation)


def checked_key(key: str) -> str:
    """Make sure that a header can carry the key."""
    if not (key.isascii() and key.isprintable() and key.strip() == key and key):
        raise ConfigurationError(
            f"{key!r} cannot be an idempotency key: printable ASCII, no blanks at its ends"
        )
    return key


def is_outcome_unknown(error: BaseException) -> bool:
    """Whether the job may have been taken, although there was no answer that says so."""
    if isinstance(error, UnreachableError):
        return False
    return isinstance(error, (TransportError, ApiError)) and _may_be_repeated(error)


def _submit_once(connection: Connection, call: Call) -> Job:
    job, headers = connection.call_with_headers(call, answer=Job)
    is_replay = headers.get("idempotency-replayed", "").lower() == "true"
    return job.model_copy(update={"is_replay": is_replay})


def _wire(request: JobRequest) -> dict[str, object]:
    return request.model_dump(exclude_defaults=True) | {"context": request.context}


def _may_be_repeated(error: TransportError | ApiError) -> bool:
    return may_pass(error) or isinstance(error, (InternalError, RequestInProgressError))


def _asked_pause(error: TransportError | ApiError) -> float:
    return (error.retry_after_seconds or 0) if isinstance(error, ApiError) else 0

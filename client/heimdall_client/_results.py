"""A job's result in the forms that it can be had in."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Literal, TypeVar, get_args

from heimdall_client._connection import Call, Connection, errors_mapped, segment
from heimdall_client._exceptions import ConfigurationError, ResultBeingMadeError

ResultForm = Literal["json", "csv", "parquet", "arrow"]

MAKING_SECONDS = 900
"""How long a large result may take to be made in the form that is asked for."""

_PAUSE_SECONDS = 2

_MEDIA_TYPES: dict[ResultForm, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}

Sleep = Callable[[float], None]
Answer = TypeVar("Answer")


def result_call(job_id: str, form: ResultForm) -> Call:
    """Make the call for a result in one form."""
    if form not in _MEDIA_TYPES:
        known = ", ".join(get_args(ResultForm))
        raise ConfigurationError(f"{form!r} is no form of a result; there are {known}")
    path = f"/job/{segment(job_id)}/result"
    return Call("GET", path, headers={"Accept": _MEDIA_TYPES[form]})


def when_made(ask: Callable[[], Answer], *, sleep: Sleep) -> Answer:
    """Ask for a result until it is there in the form that is wanted.

    Raises:
        ResultBeingMadeError: it takes longer than it may.
    """
    waited = 0.0
    while True:
        try:
            return ask()
        except ResultBeingMadeError as error:
            if waited >= MAKING_SECONDS:
                raise
            pause = error.retry_after_seconds or _PAUSE_SECONDS
            sleep(pause)
            waited += pause


def download(connection: Connection, call: Call, *, sleep: Sleep) -> Iterator[bytes]:
    """Get the bytes of an answer piece by piece, wherever they are, once they are there."""
    with ExitStack() as stack:
        answer = when_made(lambda: stack.enter_context(connection.open(call)), sleep=sleep)
        with errors_mapped():
            yield from answer.iter_bytes()

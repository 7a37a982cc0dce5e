"""A job's result in the forms that it can be had in."""

from collections.abc import Iterator
from typing import Literal, get_args

from heimdall_client._connection import Call, Connection, errors_mapped, segment
from heimdall_client._exceptions import ConfigurationError

ResultForm = Literal["json", "csv", "parquet"]

_MEDIA_TYPES: dict[ResultForm, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
}


def result_call(job_id: str, form: ResultForm) -> Call:
    """Make the call for a result in one form."""
    if form not in _MEDIA_TYPES:
        known = ", ".join(get_args(ResultForm))
        raise ConfigurationError(f"{form!r} is no form of a result; there are {known}")
    path = f"/job/{segment(job_id)}/result"
    return Call("GET", path, headers={"Accept": _MEDIA_TYPES[form]})


def download(connection: Connection, call: Call) -> Iterator[bytes]:
    """Get the bytes of an answer piece by piece, wherever they are."""
    with connection.open(call) as answer, errors_mapped():
        yield from answer.iter_bytes()

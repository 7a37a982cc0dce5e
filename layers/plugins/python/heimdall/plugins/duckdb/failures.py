"""Tells what DuckDB's errors mean: whose fault, and for how long."""

import re

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure

_MAX_CHARACTERS = 4_000
_CLASS = re.compile(r"^(?:Invalid Error: )?([A-Za-z][A-Za-z -]*?) Error: ")

_FAILURES = {
    "Out of Memory": Failure.NO_CAPACITY,
    "INTERNAL": Failure.ENGINE_FAULT,
    "FATAL": Failure.ENGINE_FAULT,
    "IO": Failure.ENGINE_FAULT,
    "Connection": Failure.ENGINE_FAULT,
}
"""By the name that DuckDB gives an error, which stays where Arrow makes an OSError of it.

All others are of the query: it does not parse, names what is not there, does not fit its data.
"""

_NO_FILES = "No files found that match the pattern"


def failure_of(error: Exception, of_files: PluginError | None) -> PluginError:
    """Translate what a query raised.

    Args:
        error: what DuckDB or Arrow raised.
        of_files: what went wrong with the files in S3: DuckDB then only repeats it.
    """
    if of_files is not None:
        return of_files
    said = str(error)
    found = _CLASS.match(said)
    if found is None:
        return PluginError(f"DuckDB failed: {_last_line(said)}", failure=Failure.ENGINE_FAULT)
    failure = _FAILURES.get(found[1], Failure.USER_ERROR)
    if _NO_FILES in said:
        failure = Failure.USER_ERROR
    return PluginError(f"the query failed: {said[:_MAX_CHARACTERS]}", failure=failure)


def _last_line(text: str) -> str:
    """Return what a traceback says at its end."""
    return (text.strip().splitlines() or ["without a word"])[-1][:_MAX_CHARACTERS]

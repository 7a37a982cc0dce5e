"""Reads what a plugin stored of a run, possibly another version of it."""

from heimdall.domain.errors import PluginError
from heimdall.domain.result_json import ResultLimits
from heimdall.plugin.identity import Identity
from heimdall.plugin.result_options import ResultOptions
from heimdall.plugin.spec import RunHandle


def value_of(handle: RunHandle, name: str) -> str:
    """Return one value of a handle.

    Raises:
        PluginError: the handle has none: it is another plugin's, or another version's.
    """
    try:
        return handle.values[name]
    except KeyError:
        raise PluginError(
            f"the handle of the work has no {name!r}: this version of the plugin did not write it"
        ) from None


def identity_of(handle: RunHandle) -> Identity:
    """Return on whose behalf the work was started.

    Raises:
        PluginError: the handle does not tell.
    """
    text = value_of(handle, "identity")
    try:
        return Identity.from_text(text)
    except ValueError as error:
        raise PluginError(f"the handle of the work cannot be read: {error}") from error


def result_values(options: ResultOptions, *, is_wanted: bool) -> dict[str, str]:
    """Return what a handle has to say of a result, for `wants_result` and `limits_of`."""
    return {
        "return_result": str(is_wanted).lower(),
        "max_rows": str(options.max_rows),
        "max_bytes": str(options.max_bytes),
    }


def wants_result(handle: RunHandle) -> bool:
    """Tell whether the job asked for its result."""
    return value_of(handle, "return_result") == "true"


def limits_of(handle: RunHandle) -> ResultLimits:
    """Return how large the result may be.

    Raises:
        PluginError: the handle does not tell.
    """
    rows, size = value_of(handle, "max_rows"), value_of(handle, "max_bytes")
    try:
        return ResultLimits(max_rows=int(rows), max_bytes=int(size))
    except ValueError as error:
        raise PluginError(f"the handle of the work cannot be read: {error}") from error

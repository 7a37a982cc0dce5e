"""Reads what a plugin stored of a run, possibly another version of it."""

from heimdall.domain.errors import PluginError
from heimdall.plugin.identity import Identity
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

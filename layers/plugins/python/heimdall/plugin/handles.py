"""What plugins that work inside `start` say to a handle: they give none out."""

from heimdall.domain.errors import PluginError
from heimdall.plugin.spec import RunHandle


def unknown_handle(plugin: str, handle: RunHandle) -> PluginError:
    """Return the error for a handle that the plugin, by name, cannot have given out."""
    return PluginError(f"{plugin} gives out no handles, so this is not one: {dict(handle.values)}")

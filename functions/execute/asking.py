"""Asking a plugin about work at its engine: whatever it raises says nothing of the work's end."""

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.observability import logger
from heimdall.plugin.spec import Plugin, RunHandle, RunReport, RunState


def poll(plugin: Plugin, handle: RunHandle) -> RunReport:
    """Ask where the work is; RUNNING also if that cannot be told now."""
    try:
        return plugin.poll(handle)
    except TransientPluginError as error:
        logger.info("engine out of reach", reason=str(error))
        return RunReport(state=RunState.RUNNING, detail=str(error))
    except PluginError as error:
        return RunReport(state=RunState.FAILED, detail=str(error), failure=error.failure)
    except Exception as error:  # noqa: BLE001 - other people's code ends here
        logger.exception("plugin failed")
        detail = f"the plugin {plugin.name!r} failed: {type(error).__name__}: {error}"
        return RunReport(state=RunState.RUNNING, detail=detail)


def cancel(plugin: Plugin, handle: RunHandle) -> bool:
    """Ask the engine to end the work; return whether it could be asked."""
    try:
        plugin.cancel(handle)
    except TransientPluginError as error:
        logger.info("engine out of reach", reason=str(error))
        return False
    except PluginError as error:
        # It may have ended in the meantime, or be gone: the next poll tells.
        logger.info("the engine refuses to end the work", reason=str(error))
    except Exception:  # noqa: BLE001 - other people's code ends here
        logger.exception("plugin failed")
    return True

"""What a plugin gives back, without the secrets that were revealed to it."""

from dataclasses import replace

from heimdall.domain.errors import PluginError
from heimdall.domain.result import Column, Result
from heimdall.plugin.redaction import Redactor
from heimdall.plugin.spec import Plugin, RunHandle, RunReport


def redacted_report(report: RunReport, redactor: Redactor) -> RunReport:
    """Return a report without secrets; the same if there is none in it."""
    if redactor.is_idle:
        return report
    return replace(
        report,
        detail=redactor.value(report.detail),
        result=_redacted_result(report.result, redactor) if report.result else None,
        outputs=redactor.value(report.outputs),
    )


def refuse_secret_handle(handle: RunHandle, plugin: Plugin, redactor: Redactor) -> None:
    """Make sure that a handle, which is stored, has no secret in it.

    Raises:
        PluginError: it has; the engine was told to end the work.
    """
    values = dict(handle.values)
    if redactor.value(values) != values:
        plugin.cancel(handle)
        raise PluginError("the plugin put a secret into its handle, which must not be stored")


def _redacted_result(result: Result, redactor: Redactor) -> Result:
    return Result(
        [Column(redactor.text(column.name), column.type) for column in result.columns],
        redactor.value(result.rows),
    )

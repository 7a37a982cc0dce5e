"""What a plugin gives back and logs, without the secrets that were revealed to it."""

import logging
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from heimdall.domain.errors import PluginError
from heimdall.domain.result import Column, Result
from heimdall.observability import logger
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


@contextmanager
def redacted_logs(redactor: Redactor) -> Iterator[None]:
    """Keep revealed secrets out of every line that is logged in the meantime, by whomever."""
    without_secrets = _SecretFilter(redactor)
    handlers = {*logging.getLogger().handlers, *logging.getLogger(logger.name).handlers}
    for handler in handlers:
        handler.addFilter(without_secrets)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(without_secrets)


class _RedactedError(Exception):
    """Stands for an error in the log: its text is that error's traceback, without secrets."""


class _SecretFilter(logging.Filter):
    """Lets every record pass, its message, its facts and its traceback redacted."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact a record."""
        if self._redactor.is_idle:
            return True
        if not isinstance(record.msg, Mapping):
            record.msg, record.args = record.getMessage(), None
        if record.exc_info and not isinstance(record.exc_info[1], _RedactedError | None):
            trace = "".join(traceback.format_exception(*record.exc_info))
            told = _RedactedError(self._redactor.text(trace))
            record.exc_info, record.exc_text = (_RedactedError, told, None), None
        for name, value in record.__dict__.items():
            if isinstance(value, str | list | Mapping):
                record.__dict__[name] = self._redactor.value(value)
        return True

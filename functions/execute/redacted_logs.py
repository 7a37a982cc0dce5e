"""Log lines without secrets: those of the gateway, of plugins, and of the drivers that they use."""

import logging
import traceback
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any
from weakref import WeakSet

from heimdall.observability import logger
from heimdall.plugin.redaction import Redactor

_lock = Lock()
_redactors: WeakSet[Redactor] = WeakSet()
"""Those of all runs and probes that may still log, a thread that nobody waits for included."""


def keep_out_of_logs(redactor: Redactor) -> None:
    """Take the secrets that this redactor learns out of every line, as long as it is in use.

    Records are redacted when they are made, whatever handler takes them; and again by the handlers
    that are there now, since facts are added to a record later.
    """
    with _lock:
        _redactors.add(redactor)
        if not isinstance(logging.getLogRecordFactory(), _RecordFactory):
            logging.setLogRecordFactory(_RecordFactory(logging.getLogRecordFactory()))
    handlers = {*logging.getLogger().handlers, *logging.getLogger(logger.name).handlers}
    for handler in handlers:
        handler.addFilter(_FILTER)


class _RedactedError(Exception):
    """Stands for an error in the log: its text is that error's traceback, without secrets."""


class _RecordFactory:
    """Makes records as another factory does, without secrets."""

    def __init__(self, make: Any) -> None:  # noqa: ANN401 - logging's type for it is private
        self._make = make

    def __call__(self, *values: Any, **named: Any) -> logging.LogRecord:  # noqa: ANN401
        record: logging.LogRecord = self._make(*values, **named)
        _redact(record)
        return record


class _SecretFilter(logging.Filter):
    """Lets every record pass, redacted."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact a record."""
        _redact(record)
        return True


_FILTER = _SecretFilter()


def _redact(record: logging.LogRecord) -> None:
    with _lock:
        redactors = [redactor for redactor in _redactors if not redactor.is_idle]
    if not redactors:
        return
    if not isinstance(record.msg, Mapping):
        record.msg, record.args = record.getMessage(), None
    if record.exc_info and not isinstance(record.exc_info[1], _RedactedError | None):
        trace = "".join(traceback.format_exception(*record.exc_info))
        told = _RedactedError(_without_secrets(trace, redactors))
        record.exc_info, record.exc_text = (_RedactedError, told, None), None
    for name, value in record.__dict__.items():
        if isinstance(value, str | list | Mapping):
            record.__dict__[name] = _without_secrets(value, redactors)


def _without_secrets(value: Any, redactors: Sequence[Redactor]) -> Any:  # noqa: ANN401 - JSON
    for redactor in redactors:
        value = redactor.value(value)
    return value

"""Ends a query at the server when its run has to end."""

import base64
import logging
import time
from threading import Event, Thread
from types import TracebackType
from typing import Self

import urllib3

from heimdall.plugin.spec import RunReport, RunRequest, RunState
from heimdall.plugins.clickhouse.lines import Lines

KILL = "KILL QUERY WHERE query_id = {id:String} ASYNC"

_LOOK_SECONDS, _GRACE_SECONDS, _KILL_SECONDS = 0.2, 1.0, 3.0
_REFUSED = 300

logger = logging.getLogger(__name__)


class Killer:
    """Asks the server, on a line of its own, to end a query."""

    def __init__(self, pool: urllib3.PoolManager, url: str, username: str, password: str) -> None:
        self._pool = pool
        self._url = url
        given = base64.b64encode(f"{username}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {given}"}

    def kill(self, query_id: str) -> None:
        """Ask once: a server that cannot be asked ends a query itself whose reader is gone."""
        try:
            answer = self._pool.request(
                "POST",
                f"{self._url}/?param_id={query_id}",
                body=KILL.encode(),
                headers=self._headers,
                timeout=_KILL_SECONDS,
                retries=False,
            )
        except urllib3.exceptions.HTTPError as error:
            logger.warning("query %s could not be ended: %s", query_id, error)
            return
        if answer.status >= _REFUSED:
            logger.warning("query %s was not ended: %s", query_id, answer.status)


class Watch:
    """Looks, for as long as its block lasts, whether the run has to end; and ends it.

    Attributes:
        killer: how to end the query, as soon as the server is known.
        report: how the run ended, if it was ended.
    """

    def __init__(self, run: RunRequest, lines: Lines) -> None:
        self.killer: Killer | None = None
        self.report: RunReport | None = None
        self._run = run
        self._lines = lines
        self._ends_at = time.monotonic() + run.seconds_left
        self._is_over = Event()
        self._thread = Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._is_over.is_set():
            left = self._ends_at - time.monotonic()
            if self._run.stop.wait(max(0.0, min(_LOOK_SECONDS, left))):
                detail = f"stopped: {self._run.stop.reason}"
                self._end(RunReport(state=RunState.CANCELED, detail=detail))
                return
            if left <= 0:
                detail = f"still running after {self._run.seconds_left:g} s, all that it had"
                self._end(RunReport(state=RunState.FAILED, detail=detail))
                return

    def _end(self, report: RunReport) -> None:
        """Have the server end the query; cut the lines of one that does not."""
        if self._is_over.is_set():
            return
        self.report = report
        if self.killer is not None:
            self.killer.kill(self._run.token)
            self._is_over.wait(_GRACE_SECONDS)
        if not self._is_over.is_set():
            self._lines.cut()

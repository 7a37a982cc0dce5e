"""Reads the parts of a result from the backends: several at a time, handed on in their order."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Full, Queue
from threading import Event
from typing import Any

import pyarrow as pa
from pyarrow import flight

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.watch import Watch
from heimdall.plugins.starrocks.failures import engine_errors
from heimdall.plugins.starrocks.frontend import Frontend
from heimdall.plugins.starrocks.waiting import next_of, result_of

_AHEAD = 2
"""How many batches of a part are read before they are wanted."""

_PAUSE_SECONDS = 0.1

Item = Any
"""First a part's schema, then its batches, then None when there are no more, or it failed."""


class _DroppedError(Exception):
    """Nobody wants the rest."""


@dataclass
class Part:
    """What one endpoint has of a result."""

    endpoint: flight.FlightEndpoint
    queue: "Queue[Item]" = field(default_factory=lambda: Queue(_AHEAD))
    reading: "Future[None] | None" = None
    reader: flight.FlightStreamReader | None = None


class Parts:
    """A result whose parts are being read; those after the first fill up and wait.

    Args:
        session: that asked for it.
        watch: of the run.
    """

    def __init__(self, session: Frontend, watch: Watch) -> None:
        self._session = session
        self._watch = watch
        self._is_dropped = Event()
        self._parts: list[Part] = []

    def open(self, info: flight.FlightInfo, pool: ThreadPoolExecutor) -> pa.Schema:
        """Begin to read all parts, and return the result's schema."""
        self._parts = [Part(endpoint) for endpoint in info.endpoints]
        for part in self._parts:
            part.reading = pool.submit(self._read, part)
        if not self._parts:
            return info.schema
        return self._next(self._parts[0])

    def batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Yield the rows of all parts, in the parts' order.

        Raises:
            PluginError: a part cannot be read, or is not like the others.
            EndedError: the run has to end.
        """
        for number, part in enumerate(self._parts):
            own = self._next(part) if number else schema
            if own is not None and not own.equals(schema):
                raise PluginError(
                    f"reading the result: part {number + 1} has other columns than the first",
                    failure=Failure.ENGINE_FAULT,
                )
            while (batch := self._next(part)) is not None:
                yield batch

    def drop(self) -> None:
        """Let the rest be: nobody waits for it, and who reads it ends."""
        self._is_dropped.set()
        for part in self._parts:
            if part.reader is not None:
                part.reader.cancel()

    def _next(self, part: Part) -> Item:
        item = next_of(part.queue, self._watch)
        if item is None and part.reading is not None:
            with engine_errors("reading the result", is_under_way=True):
                result_of(part.reading, self._watch)
        return item

    def _read(self, part: Part) -> None:
        try:
            part.reader = reader = self._opened(part)
            self._put(part, reader.schema)
            for chunk in reader:
                if chunk.data is not None:
                    self._put(part, chunk.data)
            self._put(part, None)
        except _DroppedError:
            return
        except BaseException:
            self._put_end(part)
            raise

    def _opened(self, part: Part) -> flight.FlightStreamReader:
        """Ask for a part where it is; in another place if the first is out of reach."""
        self._see_whether_wanted()
        *others, last = self._session.clients_of(part.endpoint)
        options = self._session.options(self._watch.seconds_left)
        for client in others:
            try:
                reader = client.do_get(part.endpoint.ticket, options)
                reader.schema  # noqa: B018 - the first thing that comes, if anything does
            except flight.FlightUnavailableError:
                continue
            return reader
        return last.do_get(part.endpoint.ticket, options)

    def _put(self, part: Part, item: Item) -> None:
        while True:
            self._see_whether_wanted()
            try:
                part.queue.put(item, timeout=_PAUSE_SECONDS)
            except Full:
                continue
            return

    def _put_end(self, part: Part) -> None:
        try:
            self._put(part, None)
        except _DroppedError:
            return

    def _see_whether_wanted(self) -> None:
        if self._is_dropped.is_set():
            raise _DroppedError


@contextmanager
def reading(
    session: Frontend, watch: Watch, parallel: int
) -> Iterator[tuple[Parts, ThreadPoolExecutor]]:
    """Have threads that read parts for as long as the context lasts; nothing is waited for."""
    pool = ThreadPoolExecutor(parallel, thread_name_prefix="starrocks-part")
    parts = Parts(session, watch)
    try:
        yield parts, pool
    finally:
        parts.drop()
        pool.shutdown(wait=False, cancel_futures=True)

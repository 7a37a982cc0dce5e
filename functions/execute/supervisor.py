"""Stands beside a run while it works: hears of cancels, keeps the lease, shows the streams."""

import time
from collections.abc import Sequence
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self

from functions.execute.streams import StreamWriter
from heimdall.domain.clock import Clock
from heimdall.domain.job import LEASE_MS, Job
from heimdall.domain.job_status import JobStatus
from heimdall.domain.ports import JobStore, StaleJobError
from heimdall.observability import logger
from heimdall.plugin.spec import StopReason

TICK_SECONDS = 1.0
RENEW_AFTER_MS = 20_000
FIRST_FLUSH_MS = 2_000
MAX_FLUSH_GAP_MS = 60_000


class Ticker:
    """One thread for all runs of a process, since starting one costs as much as a short run."""

    def __init__(self, seconds: float = TICK_SECONDS) -> None:
        self._seconds = seconds
        self._lock = Lock()
        self._watching: dict[Supervisor, float] = {}
        self._thread: Thread | None = None

    @property
    def is_watching(self) -> bool:
        """Whether some run is being watched."""
        return bool(self._watching)

    def watch(self, supervisor: "Supervisor") -> None:
        """Tick a supervisor from now on."""
        with self._lock:
            self._watching[supervisor] = time.monotonic()
            if self._thread is None:
                thread = Thread(target=self._run, name="ticker", daemon=True)
                thread.start()
                self._thread = thread

    def leave(self, supervisor: "Supervisor") -> None:
        """Tick it no more; waits for a tick that is under way."""
        with self._lock:
            del self._watching[supervisor]

    def _run(self) -> None:
        while True:
            time.sleep(self._seconds)
            with self._lock:
                settled = time.monotonic() - self._seconds / 2
                for supervisor, since in self._watching.items():
                    if since < settled:  # most runs are over before anything has to be looked at
                        supervisor.tick_or_log()


TICKER = Ticker()


class Supervisor:
    """Watches one run; implements `heimdall.plugin.spec.StopSignal`.

    Streams are written every second while somebody reads them, else after 2, 4, 8, ... 60 s.
    """

    def __init__(
        self,
        job: Job,
        *,
        jobs: JobStore,
        streams: Sequence[StreamWriter],
        clock: Clock,
        seconds_left: float,
        ticker: Ticker = TICKER,
    ) -> None:
        self._job = job
        self._jobs = jobs
        self._streams = streams
        self._clock = clock
        self._ticker = ticker
        now_ms = clock.now_ms()
        self._deadline_ms = now_ms + int(seconds_left * 1_000)
        self._renew_at_ms = now_ms + RENEW_AFTER_MS
        self._flush_at_ms = now_ms + FIRST_FLUSH_MS
        self._flush_gap_ms = FIRST_FLUSH_MS
        self._reason: StopReason | None = None
        self._stop = Event()

    def __enter__(self) -> Self:
        self._ticker.watch(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ticker.leave(self)

    @property
    def reason(self) -> StopReason | None:
        """Why the run has to end, or None as long as it may go on."""
        return self._reason

    def verdict(self) -> StopReason | None:
        """Why a run that is over had to end, also if it noticed by itself that its time was."""
        if self._reason is None and self._clock.now_ms() >= self._deadline_ms:
            return StopReason.DEADLINE
        return self._reason

    def wait(self, seconds: float) -> bool:
        """Sleep until the run has to end, at most `seconds`; return whether it has to."""
        return self._stop.wait(seconds)

    def tick_or_log(self) -> None:
        """Look, and survive whatever is wrong with the store: the next tick tries again."""
        try:
            self.tick()
        except Exception:  # noqa: BLE001 - the entry of the ticker's thread
            logger.warning("supervision failed", exc_info=True, job_id=self._job.id)

    def tick(self) -> None:
        """Look once after everything that is due."""
        now_ms = self._clock.now_ms()
        if now_ms >= self._deadline_ms:
            self._end(StopReason.DEADLINE)
        pulse = self._jobs.pulse(self._job, now_ms=now_ms)
        if pulse.status is not JobStatus.RUNNING:
            self._end(StopReason.CANCELED)
        if now_ms >= self._renew_at_ms and pulse.status is not None:
            self._renew(now_ms)
        if pulse.is_watched or now_ms >= self._flush_at_ms:
            self._flush(now_ms)

    def _end(self, reason: StopReason) -> None:
        if self._reason is None:
            self._reason = reason
        self._stop.set()

    def _renew(self, now_ms: int) -> None:
        self._renew_at_ms = now_ms + RENEW_AFTER_MS
        try:
            self._jobs.renew_lease(self._job, lease_expires_at_ms=now_ms + LEASE_MS)
        except StaleJobError:
            self._end(StopReason.CANCELED)

    def _flush(self, now_ms: int) -> None:
        for stream in self._streams:
            stream.flush()
        if now_ms >= self._flush_at_ms:
            self._flush_gap_ms = min(self._flush_gap_ms * 2, MAX_FLUSH_GAP_MS)
            self._flush_at_ms = now_ms + self._flush_gap_ms

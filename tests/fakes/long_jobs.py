"""A state machine and a queue of wakes that keep what they are told."""

from heimdall.domain.job import Job
from heimdall.domain.long_jobs import TokenGoneError


class FakeLongJobs:
    """Implements `heimdall.domain.long_jobs.LongJobs`."""

    def __init__(self) -> None:
        self.started: list[tuple[str, int, str]] = []
        self.told: list[str] = []
        self.gone: set[str] = set()

    def start(self, job: Job, *, function: str) -> None:
        self.started.append((job.id, job.run, function))

    def tell_ended(self, token: str) -> None:
        if token in self.gone:
            raise TokenGoneError
        self.told.append(token)


class FakeWakes:
    """Implements `heimdall.domain.ports.Wakes`."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int | None, int]] = []

    def wake(self, job: Job, *, number: int | None = None, delay_seconds: int = 0) -> None:
        self.sent.append((job.id, number, delay_seconds))


class FakeNextRuns:
    """Implements `heimdall.domain.ports.NextRuns`."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int, int]] = []

    def send(self, job: Job, *, delay_seconds: int = 0) -> None:
        self.sent.append((job.id, job.run + 1, delay_seconds))

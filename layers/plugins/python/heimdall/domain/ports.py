"""What the services need from the outside; adapters are in `heimdall.store` and `.dispatch`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from heimdall.domain.access import Binding
from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogEntry, Command
from heimdall.domain.history import Change, PastEntry, Revision
from heimdall.domain.job import Job
from heimdall.domain.job_status import JobStatus
from heimdall.domain.policy import Policy

if TYPE_CHECKING:
    from heimdall.domain.catalog_listing import EntryQuery
    from heimdall.domain.listing import JobQuery


class StaleJobError(Exception):
    """A job was not saved, since it is no longer what the writer took it for.

    Attributes:
        current: the job as it stands; None if it is gone.
    """

    def __init__(self, current: Job | None) -> None:
        super().__init__("the job was changed by somebody else")
        self.current = current


@dataclass(frozen=True, slots=True)
class Pulse:
    """What an executor has to know of its job while it runs.

    Attributes:
        status: the job's status; None if the run is no longer the job's current one.
        is_watched: whether somebody reads its streams now.
    """

    status: JobStatus | None
    is_watched: bool


Entry = TypeVar("Entry")
AnyEntry = TypeVar("AnyEntry", bound=CatalogEntry)


@dataclass(frozen=True, slots=True)
class Page(Generic[Entry]):
    """One page of a list; `next_after` is the key to go on after, None at the end."""

    entries: Sequence[Entry]
    next_after: str | None


class JobStore(Protocol):
    """Keeps jobs."""

    def create(self, job: Job) -> None:
        """Write a new job.

        Raises:
            StaleJobError: there is another one of this id.
        """
        ...

    def get(self, job_id: str) -> Job:
        """Read a job as it stands now.

        Raises:
            JobNotFoundError: there is none of this id.
        """
        ...

    def save(self, before: Job, after: Job) -> None:
        """Write what changed, if the stored job still has `before`'s status and run.

        Where `wakes` changes, the stored job must have `before`'s count of them too.

        A job that is stored as `after` already counts as written: the writer was retried. So two
        writers must not be able to make the same `after` of which only one may go on.

        Raises:
            StaleJobError: it has not; nothing was written.
        """
        ...

    def renew_lease(self, job: Job, *, lease_expires_at_ms: int) -> None:
        """Prolong the lease of the job's current run, whatever its unfinished status.

        Raises:
            StaleJobError: the run is over, or another one is current.
        """
        ...

    def pulse(self, job: Job, *, now_ms: int) -> Pulse:
        """Read what the executor of this run has to know.

        Raises:
            StoreThrottledError: it could not be read; that says nothing of the run.
        """
        ...

    def watch(self, job_id: str, *, now_ms: int) -> bool:
        """Say that somebody reads the job's streams; return whether that was known already."""
        ...

    def list_jobs(self, query: "JobQuery") -> Page[Job]:
        """Read one page of a list; it may be short and still not be the last.

        A page reads a bounded piece of the list, however few of its jobs are wanted.

        Raises:
            InvalidPageTokenError: the cursor is too old for its order.
        """
        ...


class CatalogStore(Protocol):
    """Keeps commands, clusters, bindings and policies.

    Every write gives the catalog its next revision.
    """

    def revision(self) -> int:
        """Read the catalog's revision; 0 before the first write."""
        ...

    def cursor_key(self) -> bytes:
        """Read the secret that signs cursors; empty before the first write."""
        ...

    def entries(self) -> Iterable[CatalogEntry]:
        """Read all commands, clusters and bindings: what a submission needs."""
        ...

    def changes_since(self, revision: int) -> Iterable[CatalogEntry]:
        """Read what was written of any kind after this revision, oldest first."""
        ...

    def clusters(self) -> Iterable[Cluster]:
        """Read all clusters."""
        ...

    def bindings(self) -> Iterable[Binding]:
        """Read all bindings."""
        ...

    def policies(self) -> Sequence[Policy]:
        """Read the active policies."""
        ...

    def get(self, kind: type[AnyEntry], entry_id: str) -> AnyEntry:
        """Read one entry.

        Raises:
            NotFoundError: there is none of this kind and id.
        """
        ...

    def list_entries(self, kind: type[AnyEntry], query: "EntryQuery") -> Page[AnyEntry]:
        """Read a page of the entries of a kind; it may come short, but with the key to go on.

        All pages together hold every entry that was there at the first one once, however entries
        change meanwhile.

        Raises:
            InvalidPageTokenError: so much was changed since the first page that this cannot be
                told any more.
        """
        ...

    def write(
        self,
        kind: type[AnyEntry],
        entry_id: str,
        replace_by: Callable[[AnyEntry | None], AnyEntry],
        *,
        change: Change,
    ) -> AnyEntry:
        """Replace an entry by what `replace_by` makes of it; called again if it was overtaken.

        The entry, its revision and the audit trail's record of it are written all or none. A
        write that is sent twice, since its first answer was lost, counts once.

        Raises:
            ConcurrentChangeError: it was overtaken too often.
        """
        ...

    def revisions(
        self, kind: type[CatalogEntry], entry_id: str, *, limit: int, after: str | None
    ) -> Page[Revision]:
        """Read a page of an entry's history, newest first; empty if there is no such entry."""
        ...

    def revision_of(self, kind: type[AnyEntry], entry_id: str, number: int) -> PastEntry[AnyEntry]:
        """Read an entry as one of its revisions left it.

        Raises:
            RevisionNotFoundError: it never had this revision.
        """
        ...


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """What comes back from a sync job: the job as it is stored now, and its result.

    Attributes:
        result: the result's JSON; None if there is none, or if it is too large to travel.
    """

    job: Job
    result: str | None


class RunLostError(Exception):
    """An executor ended without an answer."""


class RunGoesOnError(Exception):
    """The executor was still at work when the caller could wait no longer."""


class Wakes(Protocol):
    """Has runs looked after whose work goes on at an engine."""

    def wake(self, job: Job, *, number: int | None = None, delay_seconds: int = 0) -> None:
        """Have the job's current run looked after, soon or after a delay of at most 900 s.

        Args:
            job: it, RUNNING or CANCELING.
            number: which wake of the run it is to be, for those that follow one another; None
                for one that comes out of turn.
            delay_seconds: when.

        Raises:
            RunnerUnavailableError: the queue could not be reached.
        """
        ...


class NextRuns(Protocol):
    """Brings jobs to a runner's function."""

    def send(self, job: Job, *, delay_seconds: int = 0) -> None:
        """Queue the job's next run, for soon or after a delay of at most 900 s.

        Raises:
            RunnerUnavailableError: the queue could not be reached.
        """
        ...


class Runners(NextRuns, Wakes, Protocol):
    """Brings jobs to the functions that run plugins."""

    def has_plugin(self, plugin: str) -> bool:
        """Whether some runner of this deployment runs the plugin."""
        ...

    def send_back(self, runner: str, body: str) -> None:
        """Put a message into a runner's queue as it is.

        Raises:
            RunnerUnavailableError: the queue could not be reached, or there is no such runner.
        """
        ...

    def run_now(self, job: Job, command: Command, cluster: Cluster) -> FinishedRun:
        """Run a job that is RUNNING already and wait until it is finished.

        Raises:
            RunnerUnavailableError: no executor could be started; nothing ran.
            RunLostError: the executor ended without an answer.
            RunGoesOnError: it takes longer than the API can wait.
        """
        ...

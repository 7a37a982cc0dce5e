"""The client: one method for each thing that the API can do."""

import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Literal, Self

import httpx

from heimdall_client._connection import Connection, segment
from heimdall_client._exceptions import (
    ApiError,
    ThrottledError,
    TransportError,
    UnavailableError,
    WaitTimeoutError,
)
from heimdall_client._models import (
    CatalogDefinition,
    CatalogStatus,
    Cluster,
    ClusterDefinition,
    Command,
    CommandDefinition,
    Item,
    Job,
    JobRequest,
    JobState,
    Page,
    Result,
    StatusAnswer,
)

DEFAULT_TIMEOUT = httpx.Timeout(35, connect=5)
"""Seconds; API Gateway itself gives up after 30."""

FIRST_PAUSE_SECONDS = 0.2
LAST_PAUSE_SECONDS = 10.0
PAUSE_GROWTH = 1.5
FOLLOW_PAUSE_SECONDS = 1.0
MAX_FAILURES = 10
"""So often in a row may the API be out of reach before `wait` gives up: about half a minute."""

Stream = Literal["stdout", "stderr"]


class Client:
    """A Heimdall API, used like an `httpx.Client`.

    Args:
        base_url: where the API is, without `/api/v1`.
        auth: `SigV4Auth()` for an API on AWS; nothing for a local gateway, which signs itself.
        transport: replaces the network, in tests.
        timeout: in seconds.
        user: sent as X-Heimdall-User; only trusted proxies may say for whom they act.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: httpx.Auth | None = None,
        transport: httpx.BaseTransport | None = None,
        timeout: httpx.Timeout | float = DEFAULT_TIMEOUT,
        user: str | None = None,
    ) -> None:
        self._connection = Connection(
            base_url, auth=auth, transport=transport, timeout=httpx.Timeout(timeout), user=user
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def submit_job(self, request: JobRequest) -> Job:
        """Submit a job; one for a sync command comes back finished, with its result.

        A sync job that takes longer than the API can wait comes back as it stands: see `wait`.
        """
        body = request.model_dump(exclude_defaults=True) | {"context": request.context}
        return self._connection.call("POST", "/job", answer=Job, body=body)

    def get_job(self, job_id: str) -> Job:
        """Get a job with all its fields."""
        return self._connection.call("GET", f"/job/{segment(job_id)}", answer=Job)

    def get_job_status(self, job_id: str) -> JobState:
        """Get a job's status, which costs less than the job."""
        return self._connection.call("GET", f"/job/{segment(job_id)}/status", answer=JobState)

    def get_result(self, job_id: str) -> Result:
        """Get the table that a job gave back."""
        return self._connection.call("GET", f"/job/{segment(job_id)}/result", answer=Result)

    def cancel_job(self, job_id: str) -> str:
        """Ask for a job's end; the answer is CANCELING, and CANCELED follows."""
        path = f"/job/{segment(job_id)}/cancel"
        return self._connection.call("POST", path, answer=StatusAnswer).status

    def list_jobs(self, *, limit: int | None = None, cursor: str | None = None) -> Page[Job]:
        """Get one page of jobs, newest first; `cursor` is the page's before."""
        return self._connection.call(
            "GET", "/jobs", answer=Page[Job], params=_given(limit=limit, cursor=cursor)
        )

    def iterate_jobs(self, *, page_size: int | None = None) -> Iterator[Job]:
        """Go through all jobs, newest first; pages are fetched as they are needed."""
        return _all_of(lambda cursor: self.list_jobs(limit=page_size, cursor=cursor))

    def get_stdout(self, job_id: str, *, offset: int = 0) -> bytes:
        """Get what a job has printed so far, from a byte on."""
        return b"".join(self.iterate_stream(job_id, "stdout", offset=offset))

    def get_stderr(self, job_id: str, *, offset: int = 0) -> bytes:
        """Get what a job has complained of so far, from a byte on."""
        return b"".join(self.iterate_stream(job_id, "stderr", offset=offset))

    def iterate_stream(self, job_id: str, stream: Stream, *, offset: int = 0) -> Iterator[bytes]:
        """Get a stream piece by piece, from a byte on, as far as it goes now."""
        path = f"/job/{segment(job_id)}/{stream}"
        following: int | None = offset
        while following is not None:
            following = yield from self._connection.read(path, offset=following)

    def follow_stream(
        self,
        job_id: str,
        stream: Stream,
        *,
        offset: int = 0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Iterator[bytes]:
        """Get a stream piece by piece until the job has ended and all of it has been read."""
        has_ended = False
        while not has_ended:
            has_ended = self.get_job_status(job_id).is_final  # asked first: nothing is missed
            for piece in self.iterate_stream(job_id, stream, offset=offset):
                offset += len(piece)
                yield piece
            if not has_ended:
                sleep(FOLLOW_PAUSE_SECONDS)

    def wait(
        self,
        job_id: str,
        *,
        timeout_seconds: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> Job:
        """Wait until a job has ended, asking less and less often.

        Args:
            job_id: which job.
            timeout_seconds: patience; None is endless.
            sleep: called with seconds.
            clock: seconds on a clock that only goes forward.

        Raises:
            WaitTimeoutError: it had not ended in time; it goes on.
        """
        deadline = None if timeout_seconds is None else clock() + timeout_seconds
        pause = FIRST_PAUSE_SECONDS
        failures = 0
        while True:
            try:
                if self.get_job_status(job_id).is_final:
                    return self.get_job(job_id)
                failures = 0
            except (TransportError, ApiError) as error:
                failures += 1
                if failures > MAX_FAILURES or not _may_pass(error):
                    raise
            left = pause if deadline is None else deadline - clock()
            if left <= 0:
                raise WaitTimeoutError(f"job {job_id} had not ended after {timeout_seconds:g} s")
            sleep(min(pause, left))
            pause = min(pause * PAUSE_GROWTH, LAST_PAUSE_SECONDS)

    def put_command(self, command_id: str, definition: CommandDefinition) -> Command:
        """Add a command, or replace it."""
        path = f"/command/{segment(command_id)}"
        return self._connection.call("PUT", path, answer=Command, body=_wire(definition))

    def get_command(self, command_id: str) -> Command:
        """Get a command."""
        return self._connection.call("GET", f"/command/{segment(command_id)}", answer=Command)

    def list_commands(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[Command]:
        """Get one page of commands."""
        return self._connection.call(
            "GET", "/commands", answer=Page[Command], params=_given(limit=limit, cursor=cursor)
        )

    def iterate_commands(self) -> Iterator[Command]:
        """Go through all commands."""
        return _all_of(lambda cursor: self.list_commands(cursor=cursor))

    def set_command_status(self, command_id: str, status: CatalogStatus | str) -> str:
        """Activate or deactivate a command."""
        path = f"/command/{segment(command_id)}/status"
        body = {"status": str(status)}
        return self._connection.call("PUT", path, answer=StatusAnswer, body=body).status

    def put_cluster(self, cluster_id: str, definition: ClusterDefinition) -> Cluster:
        """Add a cluster, or replace it."""
        path = f"/cluster/{segment(cluster_id)}"
        return self._connection.call("PUT", path, answer=Cluster, body=_wire(definition))

    def get_cluster(self, cluster_id: str) -> Cluster:
        """Get a cluster."""
        return self._connection.call("GET", f"/cluster/{segment(cluster_id)}", answer=Cluster)

    def list_clusters(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[Cluster]:
        """Get one page of clusters."""
        return self._connection.call(
            "GET", "/clusters", answer=Page[Cluster], params=_given(limit=limit, cursor=cursor)
        )

    def iterate_clusters(self) -> Iterator[Cluster]:
        """Go through all clusters."""
        return _all_of(lambda cursor: self.list_clusters(cursor=cursor))

    def set_cluster_status(self, cluster_id: str, status: CatalogStatus | str) -> str:
        """Activate or deactivate a cluster."""
        path = f"/cluster/{segment(cluster_id)}/status"
        body = {"status": str(status)}
        return self._connection.call("PUT", path, answer=StatusAnswer, body=body).status


def _may_pass(error: TransportError | ApiError) -> bool:
    return isinstance(error, (TransportError, ThrottledError, UnavailableError))


def _given(**params: Any) -> dict[str, Any]:  # noqa: ANN401 - any value of a query
    return {name: value for name, value in params.items() if value is not None}


def _wire(definition: CatalogDefinition) -> Mapping[str, Any]:
    return definition.model_dump(mode="json", exclude_none=True)


def _all_of(get_page: Callable[[str | None], Page[Item]]) -> Iterator[Item]:
    cursor = None
    while True:
        page = get_page(cursor)
        yield from page.data
        cursor = page.next_cursor
        if not (page.has_more and cursor):
            return

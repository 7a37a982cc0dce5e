"""The client: one method for each thing that the API can do."""

import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

import httpx

from heimdall_client._catalog_models import (
    CatalogStatus,
    Cluster,
    ClusterDefinition,
    Command,
    CommandDefinition,
)
from heimdall_client._connection import Connection, segment
from heimdall_client._entries import Entries
from heimdall_client._job_models import Job, JobRequest, JobState, Result
from heimdall_client._paging import all_of, given
from heimdall_client._streams import Stream, follow, read_stream
from heimdall_client._waiting import wait_for
from heimdall_client._wire import Page, StatusAnswer

DEFAULT_TIMEOUT = httpx.Timeout(35, connect=5)
"""Seconds; API Gateway itself gives up after 30."""


class Client:
    """A Heimdall API, used like an `httpx.Client`.

    Args:
        base_url: where the API is, without `/api/v1`.
        auth: `SigV4Auth()` for an API on AWS; nothing for a local gateway, which signs itself.
        transport: replaces the network, in tests.
        timeout: in seconds.
        user: sent as X-Heimdall-User; only trusted proxies may say for whom they act.

    Attributes:
        commands: the catalog's commands: put, get, list, change of status.
        clusters: the catalog's clusters, likewise.
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
        self.commands = Entries[CommandDefinition, Command](
            self._connection, noun="command", shown=Command, page=Page[Command]
        )
        self.clusters = Entries[ClusterDefinition, Cluster](
            self._connection, noun="cluster", shown=Cluster, page=Page[Cluster]
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
            "GET", "/jobs", answer=Page[Job], params=given(limit=limit, cursor=cursor)
        )

    def iterate_jobs(self, *, page_size: int | None = None) -> Iterator[Job]:
        """Go through all jobs, newest first; pages are fetched as they are needed."""
        return all_of(lambda cursor: self.list_jobs(limit=page_size, cursor=cursor))

    def get_stdout(self, job_id: str, *, offset: int = 0) -> bytes:
        """Get what a job has printed so far, from a byte on."""
        return b"".join(self.iterate_stream(job_id, "stdout", offset=offset))

    def get_stderr(self, job_id: str, *, offset: int = 0) -> bytes:
        """Get what a job has complained of so far, from a byte on."""
        return b"".join(self.iterate_stream(job_id, "stderr", offset=offset))

    def iterate_stream(self, job_id: str, stream: Stream, *, offset: int = 0) -> Iterator[bytes]:
        """Get a stream piece by piece, from a byte on, as far as it goes now."""
        return read_stream(self._connection, job_id, stream, offset=offset)

    def follow_stream(
        self,
        job_id: str,
        stream: Stream,
        *,
        offset: int = 0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Iterator[bytes]:
        """Get a stream piece by piece until the job has ended and all of it has been read."""
        return follow(
            lambda offset: self.iterate_stream(job_id, stream, offset=offset),
            lambda: self.get_job_status(job_id).is_final,
            offset=offset,
            sleep=sleep,
        )

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

        def look() -> Job | None:
            return self.get_job(job_id) if self.get_job_status(job_id).is_final else None

        return wait_for(
            look, what=f"job {job_id}", timeout_seconds=timeout_seconds, sleep=sleep, clock=clock
        )

    def put_command(self, command_id: str, definition: CommandDefinition) -> Command:
        """Add a command, or replace it."""
        return self.commands.put(command_id, definition)

    def get_command(self, command_id: str) -> Command:
        """Get a command."""
        return self.commands.get(command_id)

    def list_commands(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[Command]:
        """Get one page of commands."""
        return self.commands.list_page(limit=limit, cursor=cursor)

    def iterate_commands(self) -> Iterator[Command]:
        """Go through all commands."""
        return self.commands.iterate()

    def set_command_status(self, command_id: str, status: CatalogStatus | str) -> str:
        """Activate or deactivate a command."""
        return self.commands.set_status(command_id, status)

    def put_cluster(self, cluster_id: str, definition: ClusterDefinition) -> Cluster:
        """Add a cluster, or replace it."""
        return self.clusters.put(cluster_id, definition)

    def get_cluster(self, cluster_id: str) -> Cluster:
        """Get a cluster."""
        return self.clusters.get(cluster_id)

    def list_clusters(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[Cluster]:
        """Get one page of clusters."""
        return self.clusters.list_page(limit=limit, cursor=cursor)

    def iterate_clusters(self) -> Iterator[Cluster]:
        """Go through all clusters."""
        return self.clusters.iterate()

    def set_cluster_status(self, cluster_id: str, status: CatalogStatus | str) -> str:
        """Activate or deactivate a cluster."""
        return self.clusters.set_status(cluster_id, status)

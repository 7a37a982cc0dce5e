"""The client: one method for each thing that the API can do."""

import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

import httpx

from heimdall_client._audit import AuditEntry
from heimdall_client._catalog_models import (
    Binding,
    BindingDefinition,
    Cluster,
    ClusterDefinition,
    Command,
    CommandDefinition,
    Policy,
    PolicyDefinition,
)
from heimdall_client._connection import Call, Connection, segment
from heimdall_client._dead_letters import DeadLetters
from heimdall_client._entries import Entries
from heimdall_client._explanation import Explanation
from heimdall_client._health import Health, health_call
from heimdall_client._job_models import Job, JobRequest, JobState, Result, Run
from heimdall_client._paging import all_of, given
from heimdall_client._queries import AuditQuery, JobQuery
from heimdall_client._results import ResultForm, download, result_call, when_made
from heimdall_client._streams import Stream, StreamReader, follow
from heimdall_client._submission import explain, submit, submit_with_key
from heimdall_client._waiting import wait_for
from heimdall_client._wire import Document, Page, StatusAnswer, Words

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
        commands: what may be run, and its history.
        clusters: where it may run, likewise.
        bindings: who has which role, likewise.
        policies: which SQL may be executed where and by whom, likewise.
        dead_letters: what runners did not take.
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
            self._connection, "command", shown=Command, page=Page[Command]
        )
        self.clusters = Entries[ClusterDefinition, Cluster](
            self._connection, "cluster", shown=Cluster, page=Page[Cluster]
        )
        self.bindings = Entries[BindingDefinition, Binding](
            self._connection, "binding", shown=Binding, page=Page[Binding]
        )
        self.policies = Entries[PolicyDefinition, Policy](
            self._connection, "policy", shown=Policy, page=Page[Policy]
        )
        self.dead_letters = DeadLetters(self._connection)

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

    def submit_job(
        self,
        request: JobRequest,
        *,
        idempotency_key: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Job:
        """Submit a job; one for a sync command comes back finished, with its result.

        A sync job that takes longer than the API can wait comes back as it stands: see `wait`.

        Args:
            request: what to run.
            idempotency_key: for 24 hours, the same request with the same key is the same job,
                whose `is_replay` then says so. With a key, the request is sent again for up to a
                minute as long as it is unknown what became of it; without one, never.
            sleep: called with seconds, between two attempts.
        """
        if idempotency_key is None:
            return submit(self._connection, request)
        return submit_with_key(self._connection, request, idempotency_key, sleep=sleep)

    def explain_job(self, request: JobRequest) -> Explanation:
        """Ask what would be chosen for a job, and why; nothing runs."""
        return explain(self._connection, request)

    def get_job(self, job_id: str) -> Job:
        """Get a job with all its fields."""
        return self._connection.call(Call("GET", f"/job/{segment(job_id)}"), answer=Job)

    def get_job_status(self, job_id: str) -> JobState:
        """Get a job's status, which costs less than the job."""
        call = Call("GET", f"/job/{segment(job_id)}/status")
        return self._connection.call(call, answer=JobState)

    def list_runs(self, job_id: str) -> list[Run]:
        """List all runs of a job that have begun, oldest first."""
        call = Call("GET", f"/job/{segment(job_id)}/runs")
        return self._connection.call(call, answer=Page[Run]).data

    def list_job_statuses(self) -> list[str]:
        """List the statuses that a job can have."""
        return self._connection.call(Call("GET", "/job/statuses"), answer=Words).root

    def get_result(self, job_id: str, *, sleep: Callable[[float], None] = time.sleep) -> Result:
        """Get the table that a job gave back."""
        call = result_call(job_id, "json")
        return when_made(lambda: self._connection.call(call, answer=Result), sleep=sleep)

    def download_result(
        self,
        job_id: str,
        form: ResultForm = "json",
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Iterator[bytes]:
        """Get the table that a job gave back as the bytes of a file, piece by piece.

        Raises:
            NotAcceptableError: this result cannot be had in this form.
        """
        return download(self._connection, result_call(job_id, form), sleep=sleep)

    def cancel_job(self, job_id: str) -> str:
        """Ask for a job's end; the answer is CANCELING, and CANCELED follows."""
        call = Call("POST", f"/job/{segment(job_id)}/cancel")
        return self._connection.call(call, answer=StatusAnswer).status

    def list_jobs(
        self, query: JobQuery | None = None, *, limit: int | None = None, cursor: str | None = None
    ) -> Page[Job]:
        """Get one page of jobs, newest first if the query says nothing else.

        A page may hold fewer jobs than its limit, or none, and yet not be the last.

        Args:
            query: which jobs; all that the caller may see by default.
            limit: how many at most.
            cursor: the page's before.
        """
        params = (query or JobQuery()).params() | given(limit=limit, cursor=cursor)
        return self._connection.call(Call("GET", "/jobs", params=params), answer=Page[Job])

    def iterate_jobs(
        self, query: JobQuery | None = None, *, page_size: int | None = None
    ) -> Iterator[Job]:
        """Go through jobs; pages are fetched as they are needed."""
        return all_of(lambda cursor: self.list_jobs(query, limit=page_size, cursor=cursor))

    def get_stdout(self, job_id: str, *, offset: int = 0) -> bytes:
        """Get what a job has printed so far, from a byte on."""
        return b"".join(self.iterate_stream(job_id, "stdout", offset=offset))

    def get_stderr(self, job_id: str, *, offset: int = 0) -> bytes:
        """Get what a job has complained of so far, from a byte on."""
        return b"".join(self.iterate_stream(job_id, "stderr", offset=offset))

    def iterate_stream(
        self,
        job_id: str,
        stream: Stream,
        *,
        offset: int = 0,
        max_bytes: int | None = None,
        tail_bytes: int | None = None,
        run: int | None = None,
    ) -> Iterator[bytes]:
        """Get a stream piece by piece, as far as it goes now.

        Args:
            job_id: whose.
            stream: which one.
            offset: the first byte wanted.
            max_bytes: how many are wanted.
            tail_bytes: how many are wanted of the stream's end, instead.
            run: which run's, by number; the latest by default.
        """
        reader = StreamReader(
            self._connection, job_id, stream, offset=offset, tail_bytes=tail_bytes, run=run
        )
        return reader.read(max_bytes)

    def follow_stream(
        self,
        job_id: str,
        stream: Stream,
        *,
        offset: int = 0,
        tail_bytes: int | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Iterator[bytes]:
        """Get a stream piece by piece until the job has ended and all of it has been read."""
        reader = StreamReader(
            self._connection, job_id, stream, offset=offset, tail_bytes=tail_bytes
        )
        return follow(reader, lambda: self.get_job_status(job_id).is_final, sleep=sleep)

    def wait(
        self,
        job_id: str,
        *,
        timeout_seconds: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        on_state: Callable[[JobState], None] = lambda _: None,
    ) -> Job:
        """Wait until a job has ended, asking less and less often.

        Args:
            job_id: which job.
            timeout_seconds: patience; None is endless.
            sleep: called with seconds.
            clock: seconds on a clock that only goes forward.
            on_state: called with each answer on the way.

        Raises:
            WaitTimeoutError: it had not ended in time; it goes on.
        """

        def look() -> Job | None:
            state = self.get_job_status(job_id)
            on_state(state)
            return self.get_job(job_id) if state.is_final else None

        return wait_for(
            look, what=f"job {job_id}", timeout_seconds=timeout_seconds, sleep=sleep, clock=clock
        )

    def check_health(self) -> Health:
        """Ask all clusters that want to be asked whether they work."""
        return self._connection.call(health_call("/clusters/health"), answer=Health)

    def check_cluster_health(self, cluster_id: str) -> Health:
        """Ask one cluster whether it works.

        Raises:
            HealthNotCheckedError: it does not want to be asked.
        """
        call = health_call(f"/cluster/{segment(cluster_id)}/health")
        return self._connection.call(call, answer=Health)

    def list_audit(
        self,
        query: AuditQuery | None = None,
        *,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Page[AuditEntry]:
        """Get one page of the audit trail, newest first."""
        params = (query or AuditQuery()).params() | given(limit=limit, cursor=cursor)
        call = Call("GET", "/audit", params=params)
        return self._connection.call(call, answer=Page[AuditEntry])

    def iterate_audit(
        self, query: AuditQuery | None = None, *, page_size: int | None = None
    ) -> Iterator[AuditEntry]:
        """Go through the audit trail, newest first."""
        return all_of(lambda cursor: self.list_audit(query, limit=page_size, cursor=cursor))

    def get_openapi(self) -> dict[str, Any]:
        """Get the API's own description, an OpenAPI document."""
        return self._connection.call(Call("GET", "/openapi.json"), answer=Document).root

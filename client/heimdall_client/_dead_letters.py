"""What runners did not take, however often it was delivered."""

from collections.abc import Iterator, Sequence

from pydantic import Field

from heimdall_client._connection import Call, Connection
from heimdall_client._paging import all_of, given
from heimdall_client._wire import Answer, Page


class DeadLetter(Answer):
    """One message that was put aside.

    Attributes:
        id: the job's; of a message that is no delivery of a job, its own.
        runner: which did not take it.
        reason: why nothing came of it.
        sent_at: seconds since the epoch, UTC.
        put_aside_at: likewise.
        job_id: the job, which is FAILED until it is redriven.
        run: the run of it that was to begin.
        body: of a message that is no delivery: its beginning.
    """

    id: str
    runner: str = ""
    reason: str = ""
    sent_at: int | None = None
    put_aside_at: int | None = None
    job_id: str | None = None
    run: int | None = None
    body: str | None = None


class LeftLetter(Answer):
    """A message that was not put back, and why."""

    id: str
    reason: str = ""


class Redriven(Answer):
    """What became of messages that were to be put back.

    Attributes:
        redriven: ids of those that were.
        left: those that were not.
        has_more: whether there may be more.
    """

    redriven: list[str] = Field(default_factory=list)
    left: list[LeftLetter] = Field(default_factory=list)
    has_more: bool = False


class DeadLetters:
    """All that was put aside; for operators."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, *, limit: int | None = None, cursor: str | None = None) -> Page[DeadLetter]:
        """Get one page, newest job or message first."""
        call = Call("GET", "/deliveries/dead", params=given(limit=limit, cursor=cursor))
        return self._connection.call(call, answer=Page[DeadLetter])

    def iterate(self, *, page_size: int | None = None) -> Iterator[DeadLetter]:
        """Go through all, newest job or message first."""
        return all_of(lambda cursor: self.list(limit=page_size, cursor=cursor))

    def redrive(self, ids: Sequence[str] | None = None) -> Redriven:
        """Put messages back into their queues, so that their jobs wait for a runner once more.

        Args:
            ids: which, at most 100; None stands for deliveries of jobs, the first 100 of them.
        """
        body = {} if ids is None else {"ids": [*ids]}
        call = Call("POST", "/deliveries/dead/redrive", body=body)
        return self._connection.call(call, answer=Redriven)

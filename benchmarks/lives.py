"""The whole lives of a sync and an async job, with all that they ask of AWS."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks import sample
from benchmarks.account import Account, Invocation, simulated_account
from benchmarks.handlers import Event
from benchmarks.recorder import Call
from benchmarks.row import Row
from heimdall.domain.catalog import MAX_AGE_MS

WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"})


@dataclass(frozen=True, slots=True)
class JobLife:
    """What one job took, from its submission to its end.

    Attributes:
        invocations: in the order in which they end.
        warm_cases: the name of each invocation's case in the warm benchmark.
        messages: how many messages went through the queue.
    """

    invocations: list[Invocation]
    warm_cases: tuple[str, ...]
    messages: int = 0

    @property
    def calls(self) -> list[Call]:
        """All calls of all functions."""
        return [call for invocation in self.invocations for call in invocation.calls]


def sync_and_async_life() -> tuple[JobLife, JobLife]:
    """Run a sync ping and an async noop, neither of which has anything to log."""
    with simulated_account() as account:
        account.run("submit", sample.SYNC_SUBMISSION)
        account.run_invoked()  # from now on the executor knows all policies
        submitted = _submitted(account, sample.SYNC_SUBMISSION)
        sync = JobLife(
            [account.run_invoked(), submitted], ("execute an invoked ping", "submit a sync job")
        )
        submitted = _submitted(account, sample.ASYNC_SUBMISSION)
        asynchronous = JobLife(
            [submitted, account.run_delivered()],
            ("submit an async job", "execute a delivered noop"),
            messages=1,
        )
        return sync, asynchronous


def call_rows(sync: JobLife, asynchronous: JobLife) -> list[Row]:
    """Tell how often AWS is called."""
    submission = asynchronous.invocations[0]
    how_sync = f"botocore events over moto, from request to answer: {_counted(sync.calls)}"
    how_async = f"botocore events over moto, until the answer: {_counted(submission.calls)}"
    return [
        _count("sync job: DynamoDB writes", sync.calls, _is_write, 2, how_sync),
        _count("sync job: Lambda invocations", sync.calls, _is_of("lambda"), 1, how_sync),
        _count("sync job: S3 calls", sync.calls, _is_of("s3"), 0, how_sync),
        _count("async submission: DynamoDB writes", submission.calls, _is_write, 1, how_async),
        _count("async submission: SQS messages", submission.calls, _is_of("sqs"), 1, how_async),
    ]


def _count(
    name: str, calls: Sequence[Call], counts: Callable[[Call], bool], budget: int, how: str
) -> Row:
    found = sum(counts(call) for call in calls)
    return Row(name=name, value=found, unit="calls", budget=budget, how=how, digits=0)


def _is_write(call: Call) -> bool:
    return call.service == "dynamodb" and call.operation in WRITES


def _is_of(service: str) -> Callable[[Call], bool]:
    return lambda call: call.service == service


def _counted(calls: Sequence[Call]) -> str:
    return ", ".join(
        f"{count} {name}" for name, count in Counter(call.name for call in calls).items()
    )


def _submitted(account: Account, event: Event) -> Invocation:
    """Submit, when the catalog is known but so old that its revision is looked up."""
    account.run("submit", event)
    time.sleep(MAX_AGE_MS / 1_000)
    return account.run("submit", event)

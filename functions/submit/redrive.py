"""Putting back what runners' queues gave up on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from heimdall.domain.access import Access
from heimdall.domain.audit import AuditEntry, AuditUnavailableError
from heimdall.domain.dead_letters import DeadLetter, reopened, was_ended_by
from heimdall.domain.errors import JobNotFoundError
from heimdall.domain.job import Job
from heimdall.domain.ports import StaleJobError
from heimdall.observability import count, logger
from heimdall.runtime import SubmitRuntime

MAX_AT_ONCE = 100
"""Each takes about 50 ms, and the API waits for less than 30 s."""

_MAX_PAGES = 10


@dataclass(slots=True)
class Redrive:
    """What became of dead letters.

    Attributes:
        redriven: ids of those that were put back.
        left: of each other one that was looked at, its id and for people why.
        has_more: whether there may be more of them.
    """

    redriven: list[str] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)
    has_more: bool = False


def redrive(ids: Sequence[str] | None, *, access: Access, runtime: SubmitRuntime) -> Redrive:
    """Put dead letters back into their queues, and let their jobs wait once more.

    Args:
        ids: which; None stands for all deliveries of jobs, up to `MAX_AT_ONCE` of them.
        access: who asks.
        runtime: what the function works with.

    Raises:
        RunnerUnavailableError: a queue could not be reached; those before it are put back.
        StoreThrottledError: likewise; asking again goes on.
    """
    done = Redrive()
    if ids is None:
        for letter in _deliveries(done, runtime):
            _put_back(letter, done, access, runtime)
        return done
    for letter_id in dict.fromkeys(ids):
        found = runtime.dead_letters().get(letter_id)
        if found is None:
            done.left.append((letter_id, "nothing of this id was put aside"))
        else:
            _put_back(found, done, access, runtime)
    return done


def _deliveries(done: Redrive, runtime: SubmitRuntime) -> Iterator[DeadLetter]:
    """Yield deliveries that were put aside, as many as one request may put back."""
    after, yielded = None, 0
    for _ in range(_MAX_PAGES):
        page = runtime.dead_letters().list_letters(limit=MAX_AT_ONCE, after=after)
        for letter in page.entries:
            if letter.is_delivery:
                if yielded == MAX_AT_ONCE:
                    done.has_more = True
                    return
                yielded += 1
                yield letter
        after = page.next_after
        if after is None:
            return
    done.has_more = True


def _put_back(letter: DeadLetter, done: Redrive, access: Access, runtime: SubmitRuntime) -> None:
    reason = _refuse_stray(letter) if not letter.is_delivery else _reopen(letter, runtime)
    if reason is not None:
        done.left.append((letter.id, reason))
        return
    if not letter.is_delivery:
        runtime.runners.send_back(letter.runner, letter.body)
    runtime.dead_letters().drop(letter.id)
    done.redriven.append(letter.id)
    count("DeliveryRedriven", letter_id=letter.id)
    _note(letter, access, runtime)


def _refuse_stray(letter: DeadLetter) -> str | None:
    return "it was too large to be kept as it was" if letter.is_cut else None


def _reopen(letter: DeadLetter, runtime: SubmitRuntime) -> str | None:
    """Let a job wait once more and send it; say why not, if it is not to be.

    A job that was reopened and could not be sent is sent by the sweep.
    """
    try:
        job = runtime.jobs.get(letter.job_id)
    except JobNotFoundError:
        return _settled(letter, "its job is gone", runtime)
    if not was_ended_by(job, letter.run):
        return _settled(letter, _standing(job), runtime)
    waiting = reopened(job, now_ms=runtime.clock.now_ms())
    # First, so that the sweep and the lists of open jobs know it whatever happens next.
    runtime.open_jobs().mark([waiting])
    try:
        runtime.jobs.save(job, waiting)
    except StaleJobError as stale:
        standing = _standing(stale.current) if stale.current else "its job is gone"
        return _settled(letter, standing, runtime)
    # Again, for a sweep that read the job before it waited may have taken the mark away.
    runtime.open_jobs().mark([waiting])
    runtime.runners.send(waiting)
    return None


def _standing(job: Job) -> str:
    return f"its job is {job.status} and needs it no more"


def _settled(letter: DeadLetter, reason: str, runtime: SubmitRuntime) -> str:
    runtime.dead_letters().drop(letter.id)
    return reason


def _note(letter: DeadLetter, access: Access, runtime: SubmitRuntime) -> None:
    entry = AuditEntry.done(
        access.caller,
        at_ms=runtime.clock.now_ms(),
        action="deliveries.redrive",
        target=f"{'job' if letter.is_delivery else 'delivery'}/{letter.id}",
    )
    try:
        runtime.audit().record(entry)
    except AuditUnavailableError as error:
        logger.warning("redrive not in the audit trail", exc_info=error, **entry.to_dict())

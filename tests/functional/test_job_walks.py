"""Walks through lists while jobs arrive, change and are swept: each job once, whatever happens."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from functions.orchestrate.service import sweep
from heimdall.dispatch import LambdaRunners
from heimdall.domain.job import Job
from heimdall.domain.listing import UNFINISHED, JobFilter, Order
from heimdall.plugin.registry import PluginRegistry
from heimdall.runtime import OrchestrateRuntime
from heimdall.settings import OrchestrateSettings
from heimdall.store import job_listing
from heimdall.store.dead_letters import DynamoDeadLetters
from heimdall.store.jobs import DynamoJobStore
from heimdall.store.open_jobs import DynamoOpenJobs
from heimdall.store.work import DynamoWorkIndex
from tests.contract.job_lists import finished, ids_of, job_at, pages_of, started
from tests.fakes.aws import aws_in_memory
from tests.fakes.clock import FakeClock
from tests.fakes.tables import JOBS
from tests.strategies import repeatable

NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)  # which takes minutes over moto
THINGS = st.sampled_from(
    ["submit", "submit", "submit", "start", "finish", "finish", "sweep", "a second", "a minute"]
)
EVENTS = st.lists(st.tuples(THINGS, st.integers(0, 99)), max_size=12)


@dataclass
class Life:
    """Jobs that come and go by a clock that only this moves."""

    clock: FakeClock = field(default_factory=FakeClock)
    jobs: list[Job] = field(default_factory=list)

    def __post_init__(self) -> None:
        client = boto3.client("dynamodb")
        self.store = DynamoJobStore(client, JOBS)
        self.orchestrate = OrchestrateRuntime(
            settings=OrchestrateSettings(
                jobs_table=JOBS, runners={}, dead_letters={}, retention_days=1
            ),
            jobs=self.store,
            open_jobs=DynamoOpenJobs(client, JOBS),
            dead_letters=DynamoDeadLetters(client, JOBS),
            runners=Mock(spec=LambdaRunners),
            plugins=PluginRegistry(),
            work=DynamoWorkIndex(client, JOBS),
            clock=self.clock,
        )

    def goes_on(self, events: list[tuple[str, int]]) -> None:
        for what, number in events:
            self.happens(what, number)

    def happens(self, what: str, number: int) -> None:
        now_ms = self.clock.now_ms()
        if what == "submit":
            self.jobs.append(job_at(now_ms, end=len(self.jobs)))
            self.store.create(self.jobs[-1])
        elif what == "sweep":
            sweep(runtime=self.orchestrate, has_time=lambda: True)
        elif what.startswith("a "):
            self.clock.advance({"a second": 1, "a minute": 61}[what])
        elif self.jobs:
            job = self.store.get(self.jobs[number % len(self.jobs)].id)
            if what == "start" and not job.run:
                self.store.save(job, started(job, now_ms))
            elif what == "finish" and not job.status.is_final:
                self.store.save(job, finished(job, now_ms))


@settings(repeatable, max_examples=40, phases=NO_SHRINKING)
@given(
    before=st.lists(st.tuples(THINGS, st.integers(0, 99)), max_size=40),
    between=st.lists(EVENTS, max_size=8),
    order=st.sampled_from(Order),
    is_descending=st.booleans(),
    limit=st.sampled_from([1, 2, 5, 101]),
    budget=st.sampled_from([(2_000, 300), (6, 4)]),
)
def test_walk_gives_every_job_that_was_there_exactly_once(
    before: Any, between: Any, order: Order, is_descending: bool, limit: int, budget: Any
) -> None:
    with aws_in_memory(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(job_listing, "MAX_ENTRIES", budget[0])
        patch.setattr(job_listing, "MAX_JOBS", budget[1])
        patch.setattr(job_listing, "_SPARE", 3)
        life = Life()
        life.goes_on(before)
        there = {job.id for job in life.jobs}
        happening = iter(between)

        pages = pages_of(
            life.store,
            between=lambda: life.goes_on(next(happening, [])),
            now_ms=life.clock.now_ms,
            order=order,
            is_descending=is_descending,
            limit=limit,
        )
        met = Counter(ids_of(pages))

    assert there <= met.keys()
    assert set(met.values()) <= {1}


@settings(repeatable, max_examples=40, phases=NO_SHRINKING)
@given(
    before=st.lists(st.tuples(THINGS, st.integers(0, 99)), max_size=40),
    is_descending=st.booleans(),
    statuses=st.sets(st.sampled_from(sorted(UNFINISHED)), min_size=1),
    limit=st.sampled_from([1, 3, 101]),
)
def test_list_of_unfinished_jobs_is_those_in_order(
    before: Any, is_descending: bool, statuses: Any, limit: int
) -> None:
    with aws_in_memory():
        life = Life()
        life.goes_on(before)
        now = [life.store.get(job.id) for job in life.jobs]

        pages = pages_of(
            life.store,
            is_descending=is_descending,
            limit=limit,
            filter=JobFilter(statuses=frozenset(statuses)),
        )
        found = ids_of(pages)

    expected = sorted(job.id for job in now if job.status in statuses)
    assert found == (expected[::-1] if is_descending else expected)

"""What the store of jobs gives of a filtered list, against a filter made of regular expressions."""

import re
from typing import Any

import boto3
from hypothesis import given, settings
from hypothesis import strategies as st

from heimdall.domain.access import Access, Caller, Role
from heimdall.domain.clock import first_id_at
from heimdall.domain.job import Job
from heimdall.domain.job_status import JobStatus
from heimdall.domain.listing import JobFilter, Order
from heimdall.domain.patterns import Pattern
from heimdall.store.jobs import DynamoJobStore
from tests.contract.job_lists import fill, finished, ids_of, job_at, pages_of, started
from tests.factories import ALICE, NOW_MS
from tests.fakes.aws import aws_in_memory
from tests.fakes.tables import JOBS
from tests.strategies import repeatable

BOB = ALICE.replace("alice", "bob")
OPERATOR = Access(caller=Caller(principal=ALICE, user="alice"), role=Role.OPERATOR)
SUBMITTER = Access(caller=Caller(principal=BOB, user="Bob"), role=Role.SUBMITTER)
TEAMMATE = Access(
    caller=Caller(principal=BOB, user="Bob"), role=Role.SUBMITTER, teams=frozenset({"red"})
)
WORDS = st.sampled_from(["daily", "Daily_Load", "100%", "x"])
PATTERNS = st.sampled_from(["%a%", "DAILY", "_", "daily_load", "%\\_%", "100\\%", "%", "no"])
USERS = {"alice": ALICE, "Bob": BOB, "bob": f"{ALICE}-other"}


def likes(pattern: str, text: str) -> bool:
    parts = re.findall(r"\\.|.", pattern)
    expression = "".join({"%": ".*", "_": "."}.get(part, re.escape(part[-1])) for part in parts)
    return re.fullmatch(expression, text, re.IGNORECASE | re.DOTALL) is not None


@st.composite
def many_jobs(draw: Any) -> list[Job]:
    jobs = []
    for number in range(draw(st.integers(0, 25))):
        user = draw(st.sampled_from(sorted(USERS)))
        new = job_at(
            NOW_MS + number,
            end=draw(st.integers(0, 255)),
            name=draw(WORDS),
            version=draw(st.sampled_from(["", "1.0"])),
            user=user,
            owner=USERS[user],
            teams=draw(st.sampled_from([(), ("red",), ("blue", "red")])),
            tags=draw(st.sampled_from([(), ("a",), ("a", "b")])),
            command_id=draw(WORDS),
            command_name=draw(WORDS),
            cluster_id=draw(WORDS),
            cluster_name=draw(WORDS),
        )
        lives = [new, started(new), finished(new), finished(new, status=JobStatus.FAILED)]
        jobs.append(draw(st.sampled_from(lives)))
    return jobs


wishes = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(["name", "version", "command", "cluster"], PATTERNS),
        "username": st.sampled_from(["bob", "ALICE", "%b", "nobody"]),
        "id": st.sampled_from(["%7%", f"{first_id_at(NOW_MS)[:20].upper()}%"]),
        "tags": st.sampled_from([{"a"}, {"a", "b"}, {"_name:daily"}, {"_version:", "b"}, {"c"}]),
        "statuses": st.sets(st.sampled_from(JobStatus), min_size=1),
    },
)


def is_wished(job: Job, wish: dict[str, Any], access: Access) -> bool:
    texts = {
        "id": [job.id],
        "name": [job.name],
        "username": [job.user],
        "version": [job.version],
        "command": [job.command_id, job.command_name],
        "cluster": [job.cluster_id, job.cluster_name],
    }
    tags = {*job.tags, f"_id:{job.id}", f"_name:{job.name}", f"_version:{job.version}"}
    return (
        all(any(likes(wish[name], text) for text in texts[name]) for name in texts if name in wish)
        and wish.get("tags", set()) <= tags
        and job.status in wish.get("statuses", set(JobStatus))
        and (
            access is OPERATOR
            or job.owner == access.caller.principal
            or bool(access.teams & set(job.teams))
        )
    )


def filter_of(wish: dict[str, Any]) -> JobFilter:
    return JobFilter(
        patterns={
            name: Pattern.of_like(text.casefold())
            for name, text in wish.items()
            if isinstance(text, str)
        },
        tags=frozenset(wish.get("tags", ())),
        statuses=frozenset(wish.get("statuses", ())),
    )


@settings(repeatable, max_examples=60)
@given(
    jobs=many_jobs(),
    wish=wishes,
    order=st.sampled_from(Order),
    is_descending=st.booleans(),
    limit=st.sampled_from([1, 4, 101]),
    access=st.sampled_from([OPERATOR, OPERATOR, SUBMITTER, TEAMMATE]),
)
def test_list_is_what_the_filter_and_the_callers_sight_leave(
    jobs: list[Job],
    wish: dict[str, Any],
    order: Order,
    is_descending: bool,
    limit: int,
    access: Any,
) -> None:
    with aws_in_memory():
        store = DynamoJobStore(boto3.client("dynamodb"), JOBS)
        fill(store, jobs)

        pages = pages_of(
            store,
            filter=filter_of(wish),
            order=order,
            is_descending=is_descending,
            limit=limit,
            access=access,
        )
        found = ids_of(pages)

    expected = sorted(job.id for job in jobs if is_wished(job, wish, access))
    if order is Order.UPDATED_AT:
        assert sorted(found) == expected
    else:
        assert found == (expected[::-1] if is_descending else expected)

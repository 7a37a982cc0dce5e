"""Arbitrary jobs and catalogs for hypothesis, and how many of them a test tries."""

from dataclasses import fields
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogStatus, Command
from heimdall.domain.job import Job
from heimdall.domain.job_status import JobStatus
from tests.factories import JOB_ID

repeatable = settings(derandomize=True, deadline=None, max_examples=100)
"""The same examples at every run, whatever the machine's speed."""

TAGS = ("a", "b", "c", "d")

instants_ms = st.integers(min_value=0, max_value=(1 << 48) - 2)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
statuses = st.sampled_from([CatalogStatus.ACTIVE, CatalogStatus.ACTIVE, *CatalogStatus])
tag_tuples = st.lists(st.sampled_from(TAGS), unique=True, max_size=3).map(tuple)
callers_lists = st.sampled_from([(), (), (), ("alice",), ("alice", "bob")])
criteria = st.lists(st.sampled_from(TAGS), unique=True, min_size=1, max_size=2)

_KINDS = {
    "str": texts,
    "int": st.integers(min_value=-1, max_value=10**15),
    "bool": st.booleans(),
    "bytes": st.binary(max_size=50),
    "str | None": st.none() | texts,
    "int | None": st.none() | st.integers(min_value=0, max_value=10**15),
    "tuple[str, ...]": st.lists(texts, max_size=4).map(tuple),
    "JobStatus": st.sampled_from(JobStatus),
}


def jobs() -> st.SearchStrategy[Job]:
    """Any job: every field takes every kind of value that its type allows."""
    values = {field.name: _KINDS[_name_of(field.type)] for field in fields(Job)}
    return st.builds(Job, **(values | {"id": st.just(JOB_ID)}))


@st.composite
def catalogs(draw: st.DrawFn) -> tuple[list[Command], list[Cluster]]:
    """A few commands and clusters over four tags, some of them not active."""
    commands = [
        Command(
            id=f"command-{n}",
            name="x",
            plugin="noop",
            tags=tags,
            cluster_tags=on,
            status=how,
            allowed_callers=callers,
        )
        for n, (tags, on, how, callers) in enumerate(
            _some(draw, tag_tuples, tag_tuples, statuses, callers_lists)
        )
    ]
    clusters = [
        Cluster(id=f"cluster-{n}", name="x", tags=tags, status=how)
        for n, (tags, how) in enumerate(_some(draw, tag_tuples, statuses))
    ]
    return commands, clusters


def _some(draw: st.DrawFn, *parts: st.SearchStrategy[Any]) -> list[tuple[Any, ...]]:
    return draw(st.lists(st.tuples(*parts), max_size=8))


def _name_of(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)

"""What the API answers to a dry run."""

from typing import Literal

from pydantic import Field

from heimdall.domain.command import CatalogStatus
from heimdall.domain.explain import Step, Verdict
from openapi.answers import ABSENT, Answer, FieldError, JsonObject


class Candidate(Answer):
    """A command or a cluster, and what became of it."""

    id: str
    name: str
    status: CatalogStatus
    verdict: Verdict
    step: Step = ABSENT
    """Where it lost."""
    reason: str = ABSENT
    """Why, for people."""
    missing: list[str]
    """The tags that it lacks."""


class Candidates(Answer):
    """Every command and every cluster, closest first."""

    commands: list[Candidate]
    omitted_commands: int
    """How many more there are than an answer holds; so for clusters."""
    clusters: list[Candidate]
    omitted_clusters: int


class Explanation(Answer):
    """What would become of a job, and why."""

    dry_run: Literal[True]
    outcome: Literal["accepted", "refused"]
    step: str = ABSENT
    """Of a refusal: what left nothing, or `context`, or `limits`."""
    error: str = ABSENT
    """Of a refusal, its sentence; so for `code` and `details`."""
    code: str = ABSENT
    details: list[FieldError] | JsonObject | None = Field(default=ABSENT)
    command_id: str = ABSENT
    """What would be chosen now; so for the cluster."""
    cluster_id: str = ABSENT
    strategy: str
    """What picks one of several pairs."""
    revision: int
    """The catalog's revision that was looked at."""
    pairs: int
    """How many pairs fit."""
    candidates: Candidates

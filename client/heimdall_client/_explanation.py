"""What would be chosen for a job, and why."""

from typing import Any

from pydantic import Field

from heimdall_client._wire import Answer


class Candidate(Answer):
    """A command or a cluster, and what became of it.

    Attributes:
        verdict: `chosen`, `fits` or `lost`.
        step: of the choice, at which it lost.
        missing: the tags that it lacks.
    """

    id: str
    name: str = ""
    status: str = ""
    verdict: str = ""
    step: str | None = None
    reason: str | None = None
    missing: list[str] = Field(default_factory=list)


class Candidates(Answer):
    """All commands and clusters, those that came closest first.

    Attributes:
        omitted_commands: how many more there are; likewise of the clusters.
    """

    commands: list[Candidate] = Field(default_factory=list)
    clusters: list[Candidate] = Field(default_factory=list)
    omitted_commands: int = 0
    omitted_clusters: int = 0


class Explanation(Answer):
    """The answer to a dry run: nothing was submitted.

    Attributes:
        outcome: `accepted` or `refused`, as the job would have been.
        error: why it would have been refused.
        code: of that refusal.
        details: of that refusal.
        step: of the choice, which left nothing.
        strategy: how one of several pairs is picked.
        revision: of the catalog that was looked at.
        pairs: how many pairs fit.
    """

    outcome: str
    error: str | None = None
    code: str | None = None
    details: Any = None
    step: str | None = None
    command_id: str | None = None
    cluster_id: str | None = None
    strategy: str | None = None
    revision: int | None = None
    pairs: int | None = None
    candidates: Candidates = Field(default_factory=Candidates)

    @property
    def is_accepted(self) -> bool:
        """Whether the job would be taken, if it were submitted now."""
        return self.outcome == "accepted"

"""Results made in forms that they are not stored in, when somebody asks for one."""

from typing import Protocol

from heimdall.domain.job import Job
from heimdall.domain.result import ResultForm

MAKING_SECONDS = 900
"""How long making a form may take: as long as a function may run."""


class FormMaker(Protocol):
    """Has a result made in another form."""

    @property
    def is_there(self) -> bool:
        """Whether this deployment has anybody who can."""
        ...

    def make(self, job: Job, form: ResultForm) -> None:
        """Have the result of a job made in a form; it is kept beside the stored one.

        Raises:
            ResultBeingMadeError: it takes longer than an answer may.
            PluginError: the result has a value that the form cannot have.
            RunnerUnavailableError: nobody could be asked.
        """
        ...


class FormClaims(Protocol):
    """Keeps two from making the same form at the same time."""

    def claim(self, job: Job, form: ResultForm, *, maker: str, now_ms: int, until_ms: int) -> bool:
        """Say that a form is being made; return whether nobody else is making it.

        Args:
            job: with a result.
            form: in which it is not stored.
            maker: a name that nobody else has; one maker may say so twice.
            now_ms: the time.
            until_ms: when others may take over.
        """
        ...

    def release(self, job: Job, form: ResultForm, *, maker: str) -> None:
        """Say that it is made, or that it is not; of no effect if another has taken over."""
        ...

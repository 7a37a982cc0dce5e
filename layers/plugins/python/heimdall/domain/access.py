"""Who may do what: roles, bound to callers in the catalog."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar

from heimdall.domain.command import CatalogEntry
from heimdall.domain.errors import ForbiddenError
from heimdall.domain.job import Job
from heimdall.domain.patterns import Pattern

_KNOWN_SUBJECTS = 1_000


class Role(StrEnum):
    """What a caller may do; each role may do all that those before it may."""

    VIEWER = "viewer"
    SUBMITTER = "submitter"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do all that the other may."""
        ranks = tuple(Role)
        return ranks.index(self) >= ranks.index(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding(CatalogEntry):
    """Gives a role to callers, and puts them into teams.

    Attributes:
        principals: patterns of subjects, in which `*` stands for any characters and `?` for one:
            `arn:aws:iam::123456789012:role/data-*`, `named:ada`.
        role: a value of `Role`.
        teams: whose jobs these callers see, beside their own.
    """

    kind: ClassVar[str] = "binding"

    principals: tuple[str, ...]
    role: str
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who makes a request.

    Attributes:
        principal: ARN of the IAM user or role that signed it; a session's name is no part of it,
            since whoever assumes a role chooses that name.
        user: whom the request is for, by name: the user or role, or whom a trusted proxy named.
        is_named: whether a trusted proxy named the user.
        request_id: the request, as the logs name it; no part of who it is.
    """

    principal: str
    user: str
    is_named: bool = False
    request_id: str = field(default="", compare=False)

    @property
    def subject(self) -> str:
        """What roles are bound to: the ARN, or `named:<user>` for whom a proxy named.

        A name cannot pretend to be an ARN, nor can it use the rights of the proxy.
        """
        return f"named:{self.user}" if self.is_named else self.principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What one caller may do.

    Attributes:
        role: None if neither a binding nor the deployment gives one.
    """

    caller: Caller
    role: Role | None
    teams: frozenset[str] = frozenset()

    def require(self, role: Role) -> None:
        """Make sure that the caller has this role, or one that includes it.

        Raises:
            ForbiddenError: it has not.
        """
        if self.role is None or not self.role.includes(role):
            has = f"is only {self.role}" if self.role else "has no role"
            raise ForbiddenError(
                f"{self.caller.subject} {has}; this takes the role {role}",
                details=[{"path": "role", "message": f"{role} is needed"}],
            )

    @property
    def sees_all_jobs(self) -> bool:
        """Whether the jobs of others are shown too."""
        return self.role is not None and self.role.includes(Role.OPERATOR)

    def may_see(self, owner: str, teams: Iterable[str]) -> bool:
        """Whether a job of this owner and these teams is shown to the caller."""
        return (
            self.sees_all_jobs or owner == self.caller.subject or not self.teams.isdisjoint(teams)
        )

    def require_sight_of(self, job: Job) -> None:
        """Make sure that the caller may see a job.

        Raises:
            ForbiddenError: it is somebody else's.
        """
        if not self.may_see(job.owner, job.teams):
            raise ForbiddenError(
                f"the job is {job.user}'s; {self.caller.subject} sees its own and its teams' jobs",
                job_id=job.id,
            )


class AccessRules:
    """Tells callers' roles and teams from the catalog's bindings.

    Args:
        bindings: gives the bindings; the same object as long as nothing changed.
        admins: patterns of the subjects that the deployment itself makes admins.
        default_role: what a caller may do whom no binding names.
    """

    def __init__(
        self,
        bindings: Callable[[], Sequence[Binding]],
        *,
        admins: Sequence[str],
        default_role: Role | None,
    ) -> None:
        self._bindings = bindings
        self._admins = tuple(admins)
        self._default_role = default_role
        self._read: Sequence[Binding] | None = None
        self._known: dict[str, tuple[Role | None, frozenset[str]]] = {}

    def access_of(self, caller: Caller) -> Access:
        """Tell what a caller may do: the highest role of all bindings that name it.

        Raises:
            StoreThrottledError: the bindings could not be read.
        """
        bindings = self._bindings()
        if bindings is not self._read or len(self._known) >= _KNOWN_SUBJECTS:
            self._read, self._known = bindings, {}
        found = self._known.get(caller.subject)
        if found is None:
            found = self._known[caller.subject] = self._look_up(caller.subject, bindings)
        role, teams = found
        return Access(caller=caller, role=role, teams=teams)

    def _look_up(
        self, subject: str, bindings: Sequence[Binding]
    ) -> tuple[Role | None, frozenset[str]]:
        naming = [
            binding
            for binding in bindings
            if binding.is_active and matches_any(subject, binding.principals)
        ]
        roles = [Role(binding.role) for binding in naming]
        if matches_any(subject, self._admins):
            roles.append(Role.ADMIN)
        if not roles and self._default_role is not None:
            roles.append(self._default_role)
        role = max(roles, key=tuple(Role).index, default=None)
        return role, frozenset(team for binding in naming for team in binding.teams)


def matches_any(subject: str, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns (`*` any characters, `?` one) matches the whole subject."""
    return any(_pattern(pattern).matches(subject) for pattern in patterns)


@lru_cache(maxsize=4_096)
def _pattern(text: str) -> Pattern:
    return Pattern.of_glob(text)

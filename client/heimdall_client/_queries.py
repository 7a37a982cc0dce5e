"""What lists are narrowed down to."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from heimdall_client._wire import Definition

Order = Literal["id", "created_at", "updated_at"]
Direction = Literal["asc", "desc"]


def _without_comma(values: list[str]) -> list[str]:
    """A list goes over the wire as one text, with commas between its items."""
    for value in values:
        if "," in value or not value:
            raise ValueError(f"{value!r} cannot be searched for: it is empty or has a comma")
    return values


Items = Annotated[list[str], AfterValidator(_without_comma)]


class _Query(Definition):
    def params(self) -> dict[str, Any]:
        """Write it as the parameters of a request."""
        given = self.model_dump(exclude_defaults=True)
        return {
            name: ",".join(value) if isinstance(value, list) else value
            for name, value in given.items()
        }


class JobQuery(_Query):
    """Which jobs, and in which order; what is left out does not matter.

    Texts are patterns of SQL's LIKE, without regard to case: `%` stands for any characters, `_`
    for any one.

    Attributes:
        command: the command's name or id.
        cluster: the cluster's name or id.
        status: any of these.
        tags: all of these.
        order_by: `created_at` if left out; `id` is the same order.
        direction: `desc` if left out, that is, newest first.
    """

    id: str | None = None
    name: str | None = None
    username: str | None = None
    version: str | None = None
    command: str | None = None
    cluster: str | None = None
    status: Items = Field(default_factory=list)
    tags: Items = Field(default_factory=list)
    order_by: Order | None = None
    direction: Direction | None = None


class EntryQuery(_Query):
    """Which entries of the catalog, and in which order; texts are patterns as in `JobQuery`.

    Attributes:
        id: the entry's id or name.
        username: who wrote it last.
        plugin: of commands only.
        status: any of these.
    """

    id: str | None = None
    name: str | None = None
    username: str | None = None
    version: str | None = None
    plugin: str | None = None
    status: Items = Field(default_factory=list)
    order_by: Order | None = None
    direction: Direction | None = None


class AuditQuery(_Query):
    """Which entries of the audit trail; texts are patterns as in `JobQuery`.

    Attributes:
        action: such as `command.put`, `job.%`.
        target: such as `command/ping`.
        since: seconds since the epoch, UTC; entries of then and later.
        until: seconds since the epoch, UTC; entries before then.
    """

    user: str | None = None
    action: str | None = None
    target: str | None = None
    outcome: Literal["done", "refused"] | None = None
    since: int | None = None
    until: int | None = None

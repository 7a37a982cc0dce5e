"""`heimdall jobs, commands, clusters, bindings, policies`: what there is, narrowed down."""

from enum import StrEnum
from typing import Annotated, Any, TypeVar

import typer
from pydantic import ValidationError

from heimdall_client._catalog_models import Binding, CatalogStatus, Cluster, Command, Policy
from heimdall_client._job_models import Job, JobStatus
from heimdall_client._paging import first_of
from heimdall_client._queries import AuditQuery, EntryQuery, JobQuery
from heimdall_client._session import JsonOption, Limit, session_of
from heimdall_client._terminal import progress, show_list, span_text, time_text


class Order(StrEnum):
    """What lists are ordered by."""

    ID = "id"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"


class Direction(StrEnum):
    """Which end of a list comes first."""

    ASC = "asc"
    DESC = "desc"


Query = TypeVar("Query", JobQuery, EntryQuery, AuditQuery)

LIKE = "Pattern, % stands for anything."
Name = Annotated[str | None, typer.Option(help=f"Of this name. {LIKE}")]
User = Annotated[str | None, typer.Option(help=f"Of this user. {LIKE}")]
Version = Annotated[str | None, typer.Option(help=f"Of this version. {LIKE}")]
Plugin = Annotated[str | None, typer.Option(help=f"With this plugin. {LIKE}")]
OrderBy = Annotated[Order | None, typer.Option(help="What to order by.  [default: created_at]")]
Way = Annotated[
    Direction | None, typer.Option("--direction", help="Which way.  [default: desc, newest first]")
]
EntryStatus = Annotated[
    list[CatalogStatus] | None,
    typer.Option(case_sensitive=False, help="Of this status; give several for any of them."),
]


def jobs(  # noqa: PLR0913 - an argument for each option
    context: typer.Context,
    *,
    job_id: Annotated[str | None, typer.Option("--id", help=f"Of this id. {LIKE}")] = None,
    name: Name = None,
    user: User = None,
    version: Version = None,
    command: Annotated[
        str | None, typer.Option(help=f"Of this command's name or id. {LIKE}")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help=f"On this cluster's name or id. {LIKE}")
    ] = None,
    status: Annotated[
        list[JobStatus] | None,
        typer.Option(case_sensitive=False, help="Of this status; give several for any of them."),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="With this tag; give several for all of them.")
    ] = None,
    order_by: OrderBy = None,
    direction: Way = None,
    limit: Limit = 20,
    as_json: JsonOption = False,
) -> None:
    """List jobs, newest first."""
    query = query_of(
        JobQuery,
        id=job_id,
        name=name,
        username=user,
        version=version,
        command=command,
        cluster=cluster,
        status=status,
        tags=tag,
        order_by=order_by,
        direction=direction,
    )
    with session_of(context).client() as client, progress("looking for jobs"):
        found = first_of(lambda size: client.iterate_jobs(query, page_size=size), limit)
    headings = ["ID", "STATUS", "NAME", "USER", "COMMAND", "CLUSTER"]
    headings += ["CREATED (UTC)", "WAITED", "RAN"]
    show_list(found, headings, _job_row, as_json=as_json)


def commands(  # noqa: PLR0913 - an argument for each option
    context: typer.Context,
    *,
    name: Name = None,
    user: User = None,
    version: Version = None,
    plugin: Plugin = None,
    status: EntryStatus = None,
    order_by: OrderBy = None,
    direction: Way = None,
    limit: Limit = 100,
    as_json: JsonOption = False,
) -> None:
    """List the commands of the catalog."""
    query = query_of(
        EntryQuery,
        name=name,
        username=user,
        version=version,
        plugin=plugin,
        status=status,
        order_by=order_by,
        direction=direction,
    )
    with session_of(context).client() as client:
        found = first_of(lambda size: client.commands.iterate(query, page_size=size), limit)
    headings = ["ID", "STATUS", "NAME", "VERSION", "PLUGIN", "SYNC", "USER", "UPDATED (UTC)"]
    show_list(found, headings, _command_row, as_json=as_json)


def clusters(  # noqa: PLR0913 - an argument for each option
    context: typer.Context,
    *,
    name: Name = None,
    user: User = None,
    version: Version = None,
    status: EntryStatus = None,
    order_by: OrderBy = None,
    direction: Way = None,
    limit: Limit = 100,
    as_json: JsonOption = False,
) -> None:
    """List the clusters of the catalog."""
    query = query_of(
        EntryQuery,
        name=name,
        username=user,
        version=version,
        status=status,
        order_by=order_by,
        direction=direction,
    )
    with session_of(context).client() as client:
        found = first_of(lambda size: client.clusters.iterate(query, page_size=size), limit)
    headings = ["ID", "STATUS", "NAME", "VERSION", "USER", "UPDATED (UTC)"]
    show_list(found, headings, _cluster_row, as_json=as_json)


def bindings(  # noqa: PLR0913 - an argument for each option
    context: typer.Context,
    *,
    name: Name = None,
    user: User = None,
    status: EntryStatus = None,
    order_by: OrderBy = None,
    direction: Way = None,
    limit: Limit = 100,
    as_json: JsonOption = False,
) -> None:
    """List the bindings of the catalog: who has which role."""
    query = query_of(
        EntryQuery,
        name=name,
        username=user,
        status=status,
        order_by=order_by,
        direction=direction,
    )
    with session_of(context).client() as client:
        found = first_of(lambda size: client.bindings.iterate(query, page_size=size), limit)
    headings = ["ID", "STATUS", "ROLE", "PRINCIPALS", "TEAMS"]
    show_list(found, headings, _binding_row, as_json=as_json)


def policies(  # noqa: PLR0913 - an argument for each option
    context: typer.Context,
    *,
    name: Name = None,
    user: User = None,
    version: Version = None,
    status: EntryStatus = None,
    order_by: OrderBy = None,
    direction: Way = None,
    limit: Limit = 100,
    as_json: JsonOption = False,
) -> None:
    """List the policies of the catalog: which SQL may be executed where."""
    query = query_of(
        EntryQuery,
        name=name,
        username=user,
        version=version,
        status=status,
        order_by=order_by,
        direction=direction,
    )
    with session_of(context).client() as client:
        found = first_of(lambda size: client.policies.iterate(query, page_size=size), limit)
    headings = ["ID", "STATUS", "NAME", "VERSION", "GUARDS", "RULES", "RANGER"]
    show_list(found, headings, _policy_row, as_json=as_json)


def query_of(kind: type[Query], **given: Any) -> Query:  # noqa: ANN401 - options of any type
    """Build a query from the options that were given."""
    try:
        return kind(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise typer.BadParameter(error.errors()[0]["msg"].removeprefix("Value error, ")) from error


def _job_row(job: Job) -> tuple[object, ...]:
    return (
        job.id,
        job.status,
        job.name,
        job.user,
        job.command_name,
        job.cluster_name,
        time_text(job.created_at),
        span_text(job.created_at, job.started_at),
        span_text(job.started_at, job.finished_at),
    )


def _command_row(command: Command) -> tuple[object, ...]:
    return (
        command.id,
        command.status,
        command.name,
        command.version,
        command.plugin,
        "yes" if command.is_sync else "no",
        command.user,
        time_text(command.updated_at),
    )


def _cluster_row(cluster: Cluster) -> tuple[object, ...]:
    return (
        cluster.id,
        cluster.status,
        cluster.name,
        cluster.version,
        cluster.user,
        time_text(cluster.updated_at),
    )


def _binding_row(binding: Binding) -> tuple[object, ...]:
    principals, teams = ", ".join(binding.principals), ", ".join(binding.teams)
    return (binding.id, binding.status, binding.role, principals, teams)


def _policy_row(policy: Policy) -> tuple[object, ...]:
    return (
        policy.id,
        policy.status,
        policy.name,
        policy.version,
        ", ".join(policy.cluster_tags),
        len(policy.rules),
        policy.ranger.service_name if policy.ranger else "",
    )

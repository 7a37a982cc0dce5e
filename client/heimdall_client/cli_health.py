"""`heimdall health`: whether the clusters work."""

from typing import Annotated

import typer

from heimdall_client._session import JsonOption, session_of
from heimdall_client._terminal import progress, show_json, show_table, time_text


def health(
    context: typer.Context,
    cluster: Annotated[
        str | None, typer.Argument(metavar="[CLUSTER]", help="Its id; all if left out.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell whether the clusters work that ask to be checked. Exits with 1 if one does not."""
    with session_of(context).client() as client, progress("asking the clusters"):
        found = client.check_health() if cluster is None else client.check_cluster_health(cluster)
    if as_json:
        show_json(found)
    else:
        show_table(
            ["CLUSTER", "PLUGIN", "STATUS", "MS", "CHECKED (UTC)", "WHY"],
            [
                (
                    check.cluster_id,
                    check.plugin,
                    check.status,
                    check.latency_ms,
                    time_text(check.checked_at),
                    check.error,
                )
                for check in found.checks
            ],
        )
    if not found.healthy:
        raise typer.Exit(1)

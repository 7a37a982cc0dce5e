"""Looks through the latest queries of a workgroup."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from heimdall.domain.errors import TransientPluginError

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_athena.type_defs import QueryExecutionTypeDef

LONGEST_QUERY = timedelta(days=1)
"""Athena lets no query run for longer, so those that were submitted before the newest one by more
than that have ended."""

_PAGE = 50
"""As many as Athena lists and describes at a time."""


def latest_queries(client: "AthenaClient", workgroup: str) -> "Iterator[QueryExecutionTypeDef]":
    """Yield the queries that may not have ended, and many that have.

    Athena keeps the queries of 45 days and cannot list those that run. It lists the newest first.

    Raises:
        TransientPluginError: Athena listed queries and did not describe them.
    """
    newest: datetime | None = None
    pages = client.get_paginator("list_query_executions").paginate(
        WorkGroup=workgroup, PaginationConfig={"PageSize": _PAGE}
    )
    for page in pages:
        if not (listed := page.get("QueryExecutionIds")):
            continue
        described = client.batch_get_query_execution(QueryExecutionIds=listed)
        if left_out := described.get("UnprocessedQueryExecutionIds"):
            raise TransientPluginError(
                f"Athena left out {len(left_out)} of the queries that it was asked for: "
                f"{left_out[0].get('ErrorMessage', 'no reason given')}"
            )
        queries = described["QueryExecutions"]
        yield from queries
        submitted = max(query["Status"]["SubmissionDateTime"] for query in queries)
        newest = max(newest or submitted, submitted)
        if newest - submitted > LONGEST_QUERY:
            return

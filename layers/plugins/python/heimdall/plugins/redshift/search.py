"""Finds the statements of this deployment by their names."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from heimdall.plugins.redshift.status import UNENDED

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient


def running_statements(
    client: "RedshiftDataAPIServiceClient", prefix: str, place: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield id and name of each statement or batch that has not ended, of any of the role's jobs.

    One status can be asked for at a time: asked for in their order, none is missed on its way.

    Args:
        client: of the Data API.
        prefix: how the names begin.
        place: the parameters that name the database.
    """
    seen: set[str] = set()
    for status in UNENDED:
        asked: dict[str, Any] = {**place, "StatementName": prefix, "Status": status}
        for page in client.get_paginator("list_statements").paginate(**asked, RoleLevel=True):
            for found in page["Statements"]:
                if found["Id"] not in seen:
                    seen.add(found["Id"])
                    yield found["Id"], found.get("StatementName", "")

"""Tells whether a warehouse works."""

from contextlib import closing
from typing import TYPE_CHECKING, Any

from heimdall.plugin.spec import HealthReport
from heimdall.plugins.snowflake.session import cursor_of

if TYPE_CHECKING:
    from snowflake.connector import SnowflakeConnection

_WORKS = ("STARTED", "RESUMING")


def warehouse_report(connection: "SnowflakeConnection", warehouse: str | None) -> HealthReport:
    """See whether a warehouse runs, or would as soon as it is asked.

    Without a warehouse it is enough that Snowflake let us in.
    """
    if warehouse is None:
        return HealthReport(is_healthy=True)
    found = _warehouses(connection).get(_name(warehouse))
    if found is None:
        return HealthReport(is_healthy=False, detail=f"there is no warehouse {warehouse} to see")
    state, resumes = str(found.get("state", "")).upper(), str(found.get("auto_resume", "")).lower()
    if state in _WORKS or (state == "SUSPENDED" and resumes == "true"):
        return HealthReport(is_healthy=True)
    detail = f"the warehouse {warehouse} is {state.lower()}"
    if state == "SUSPENDED":
        detail += " and does not resume by itself"
    return HealthReport(is_healthy=False, detail=detail)


def _warehouses(connection: "SnowflakeConnection") -> dict[str, dict[str, Any]]:
    with closing(cursor_of(connection)) as cursor:
        cursor.execute("SHOW WAREHOUSES")
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {str(row["name"]): row for row in rows}


def _name(warehouse: str) -> str:
    """Return a name as Snowflake keeps it: in capitals unless it is quoted."""
    if warehouse.startswith('"') and warehouse.endswith('"'):
        return warehouse[1:-1].replace('""', '"')
    return warehouse.upper()

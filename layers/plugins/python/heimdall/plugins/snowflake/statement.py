"""How a job's statements are given to Snowflake: marked, bound and limited."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from heimdall.plugin.identity import Identity
from heimdall.plugin.lexicon import SNOWFLAKE
from heimdall.plugin.parameters import ParameterValue, python_value, rewritten

MAX_SECONDS = 604_800
"""How long a statement may take at most: a week (Snowflake's limit)."""

_MARK = "heimdall"


def bound(query: str, params: Mapping[str, ParameterValue]) -> tuple[str, list[Any]]:
    """Return the text with a `?` for each `:name`, and the values in their order.

    A list stands for its values, with commas between: `in (:days)`.
    """
    values: list[Any] = []

    def replace(name: str) -> str:
        value = python_value(params[name])
        several = value if isinstance(value, list) else [value]
        values.extend(_bound(each) for each in several)
        return ", ".join("?" * len(several)) or "NULL"

    return rewritten(query, SNOWFLAKE, replace), values


def session_parameters(identity: Identity, run_seconds: int | None) -> dict[str, Any]:
    """Return what the session of a job is marked with and bounded by."""
    told: dict[str, Any] = {"QUERY_TAG": tag_of(identity)}
    if run_seconds is not None:
        told["STATEMENT_TIMEOUT_IN_SECONDS"] = min(max(run_seconds, 1), MAX_SECONDS)
    return told


def tag_of(identity: Identity) -> str:
    """Return the mark of a run's statements: `{"heimdall":"<work name>"}`."""
    return json.dumps({_MARK: identity.work_name}, separators=(",", ":"))


def tag_prefix(identity: Identity) -> str:
    """Return how the marks of this deployment begin."""
    whole = json.dumps({_MARK: identity.work_name_prefix}, separators=(",", ":"))
    return whole.removesuffix('"}')


def run_of(tag: str, identity: Identity) -> tuple[str, int] | None:
    """Return the job and the run that a mark names; None if it is none of ours."""
    try:
        told = json.loads(tag)
    except ValueError:
        return None
    name = told.get(_MARK) if isinstance(told, dict) else None
    return identity.run_of(name) if isinstance(name, str) else None


def request_id(token: str) -> str:
    """Return the run's token as what Snowflake takes for a request's: a UUID of version 4.

    A request that comes again with the same id is answered with the first one's statement.
    """
    digest = hashlib.sha256(token.encode()).digest()[:16]
    return str(UUID(bytes=digest, version=4))


def _bound(value: object) -> Any:  # noqa: ANN401 - as the driver takes it
    """Return a value, with its type where the driver would take it for another."""
    if isinstance(value, datetime):
        return ("TIMESTAMP_TZ" if value.tzinfo else "TIMESTAMP_NTZ", value)
    return str(value) if isinstance(value, UUID) else value

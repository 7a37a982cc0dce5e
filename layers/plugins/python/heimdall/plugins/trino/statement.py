"""The text that is sent for a query: its parameters are bound by Trino."""

import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from heimdall.plugin.lexicon import TRINO
from heimdall.plugin.parameters import placeholders, python_value, rewritten
from heimdall.plugins.trino.options import JobOptions

_MAX_BIGINT = 2**63 - 1


def statement(job: JobOptions) -> str:
    """Return the job's query, or `EXECUTE IMMEDIATE` of it with the values of its parameters.

    Each `:name` becomes a question mark, which Trino's parser binds a value to. The value is an
    expression of its own after USING: it never becomes a part of the query's text.
    """
    names = placeholders(job.query, TRINO)
    if not names:
        return job.query
    asked = rewritten(job.query, TRINO, lambda _: "?")
    given = ", ".join(literal(python_value(job.params[name])) for name in names)
    return f"EXECUTE IMMEDIATE {literal(asked)} USING {given}"


def literal(value: Any) -> str:  # noqa: ANN401, PLR0911 - one line for each type
    """Write a value as an expression of Trino."""
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case int():
            return _integer(value)
        case float():
            return _double(value)
        case str():
            return _text(value)
        case bytes():
            return f"X'{value.hex()}'"
        case list():
            return f"ARRAY[{', '.join(literal(each) for each in value)}]"
        case _:
            return _of_its_own(value)


def _integer(value: int) -> str:
    """Write a number; one that the parser takes for an integer or a bigint by its size."""
    if -_MAX_BIGINT <= value <= _MAX_BIGINT:
        return str(value)
    return f"DECIMAL '{value}'"


def _double(value: float) -> str:
    if math.isnan(value):
        return "nan()"
    if math.isinf(value):
        return "infinity()" if value > 0 else "-infinity()"
    return f"DOUBLE '{value!r}'"


def _text(value: str) -> str:
    doubled = value.replace("'", "''")
    return f"'{doubled}'"


def _of_its_own(value: Any) -> str:  # noqa: ANN401 - see `literal`
    match value:
        case Decimal():
            return f"DECIMAL '{value:f}'"
        case UUID():
            return f"UUID '{value}'"
        case datetime() if value.tzinfo is not None:
            local = value.astimezone(UTC).replace(tzinfo=None)
            return f"TIMESTAMP '{local.isoformat(sep=' ')} UTC'"
        case datetime():
            return f"TIMESTAMP '{value.isoformat(sep=' ')}'"
        case date():
            return f"DATE '{value.isoformat()}'"
        case time():
            return f"TIME '{value.isoformat()}'"
        case _:
            raise TypeError(f"no parameter is a {type(value).__name__}")

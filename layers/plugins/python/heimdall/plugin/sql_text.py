"""What a job's SQL is, as far as others than its plugin have to know: the policy checks it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlText:
    """The SQL that a run will have its engine execute.

    Attributes:
        dialect: as sqlglot calls it: `postgres`, `trino`, `clickhouse`, ...
        text: one statement or several, with `:name` where parameters stand.
        catalog: of names that name none; None if the engine knows no catalogs.
        schema: of names that name none; None if that is not known.
        is_read_only: whether the command allows nothing but reading.
    """

    dialect: str
    text: str
    catalog: str | None = None
    schema: str | None = None
    is_read_only: bool = False

"""What a statement does to one thing, as far as rules can speak of it."""

from dataclasses import dataclass

from heimdall.domain.policy import SqlAction

SYSTEM = "system"
"""The catalog of what is no table: its schemas are `FILES`, `FUNCTIONS` and `SETTINGS`."""

FILES = "files"
FUNCTIONS = "functions"
SETTINGS = "settings"


class SqlRefusedError(Exception):
    """The SQL cannot be checked, so it is refused; the sentence says why, without quoting it."""


@dataclass(frozen=True, slots=True)
class SqlAccess:
    """One action on one table, or on something that is named like one.

    Attributes:
        catalog: None if it is not known, or if all are meant; so for the next two. Rules that
            deny speak of it then whatever they name, rules that allow only if they name all.
        schema: of an outside function, file or setting: `functions`, `files`, `settings`, and
            the catalog is `system`.
        table: or the name of a function, the path of a file, the name of a setting.
    """

    action: SqlAction
    catalog: str | None
    schema: str | None
    table: str | None

    @property
    def is_file(self) -> bool:
        """Whether it is to a file, or to several: its path may have wildcards."""
        return (self.catalog, self.schema) == (SYSTEM, FILES)

    @property
    def only_reads(self) -> bool:
        """Whether it changes nothing, neither here nor outside."""
        is_read = self.is_file and self.action is SqlAction.EXECUTE
        return self.action is SqlAction.SELECT or is_read

    def __str__(self) -> str:
        parts = (self.catalog, self.schema, self.table)
        return f"{self.action} on {'.'.join('*' if part is None else part for part in parts)}"


def of_file(path: str) -> SqlAccess:
    """The access to a file, a stage or a bucket that is read: it is outside of the engine."""
    return SqlAccess(SqlAction.EXECUTE, SYSTEM, FILES, path)


def of_written_file(path: str) -> tuple[SqlAccess, SqlAccess]:
    """The accesses to one that may be written."""
    return of_file(path), SqlAccess(SqlAction.INSERT, SYSTEM, FILES, path)


def of_setting(name: str) -> SqlAccess:
    """The access to a setting of the session or of the query."""
    return SqlAccess(SqlAction.ADMIN, SYSTEM, SETTINGS, name)


def of_outside(function: str) -> tuple[SqlAccess, SqlAccess]:
    """The accesses of a function that runs SQL or reads what it is told: it may reach any table."""
    return (
        SqlAccess(SqlAction.EXECUTE, SYSTEM, FUNCTIONS, function),
        SqlAccess(SqlAction.SELECT, None, None, None),
    )

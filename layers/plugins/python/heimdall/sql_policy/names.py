"""Names as the engine resolves them: folded by its dialect, with the defaults of the session."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from heimdall.domain.policy import SqlAction
from heimdall.plugin.sql_text import SqlText
from heimdall.sql_policy.access import SqlAccess, SqlRefusedError, of_file

_POSTGRES = frozenset({"postgres", "redshift", "duckdb"})
_REDSHIFT_SYSTEM = ("stl_", "stv_", "svl_", "svv_", "svcs_", "sys_")
_SPARK = frozenset({"spark", "databricks", "hive", "athena"})
_FILE_FORMATS = frozenset(
    {"parquet", "csv", "json", "orc", "avro", "text", "binaryfile", "delta", "iceberg", "xml"}
)
_ICEBERG_TABLES = frozenset(
    {
        "history", "snapshots", "files", "manifests", "partitions", "entries", "refs",
        "metadata_log_entries", "position_deletes", "data_files", "delete_files", "changes",
        "all_data_files", "all_delete_files", "all_entries", "all_files", "all_manifests",
    }
)  # fmt: skip
_TWO_WAYS = frozenset({"duckdb", "spark", "databricks"})
"""Where the first of two parts is a schema, or else a catalog."""

_PATH_MARKS = frozenset("./:*?[]\\")


@dataclass(frozen=True, slots=True)
class Names:
    """Resolves names of one dialect.

    Attributes:
        catalog: of names that name none; None if that is not known; so for the schema.
    """

    dialect: str
    catalog: str | None
    schema: str | None

    def without_defaults(self) -> "Names":
        """Return what resolves names after the session was told to resolve them differently."""
        return replace(self, catalog=None, schema=None)

    def folded(self, identifier: exp.Expression) -> str:
        """Return a name as the engine keeps it."""
        if not isinstance(identifier, exp.Identifier):
            raise SqlRefusedError("a name in it is made up of more than a name")
        folded = Dialect.get_or_raise(self.dialect).normalize_identifier(identifier.copy())
        return folded.name

    def folded_pattern(self, pattern: str) -> str:
        """Return a rule's pattern as the engine would fold it, were it a name without quotes."""
        identifier = exp.Identifier(this=pattern, quoted=False)
        return Dialect.get_or_raise(self.dialect).normalize_identifier(identifier).name

    def same(self, one: exp.Identifier, other: exp.Identifier) -> bool:
        """Whether two names are surely the same to the engine."""
        if self.folded(one) != self.folded(other):
            return False
        is_plain = not (one.args.get("quoted") or other.args.get("quoted"))
        return one.name == other.name or (is_plain and (one.name + other.name).isascii())

    def accesses(self, table: exp.Table, actions: Sequence[SqlAction]) -> list[SqlAccess]:
        """Return the accesses to a table of which the name is written out."""
        catalog, schema, name = (self._part(table, part) for part in ("catalog", "db", "this"))
        if self._is_file(table, schema, name):
            return [of_file(name or "")]
        found: list[SqlAccess] = []
        for place in self._places(catalog, schema, name):
            found += [SqlAccess(action, *place) for action in actions]
        return found

    def _places(
        self, catalog: str | None, schema: str | None, name: str | None
    ) -> list[tuple[str | None, str | None, str | None]]:
        places = [self._place(catalog, schema, name)]
        if name is not None and self.dialect in ("trino", "presto", "athena") and "$" in name:
            places.append((*places[0][:2], name.split("$")[0]))  # partitions, files: its own data
        if (
            self.dialect in _SPARK
            and schema is not None
            and (name or "").lower() in _ICEBERG_TABLES
        ):
            places.append(self._place(None, catalog, schema))
        return places

    def _place(
        self, catalog: str | None, schema: str | None, name: str | None
    ) -> tuple[str | None, str | None, str | None]:
        if schema is not None:
            unknown = self.dialect in _TWO_WAYS and catalog is None
            return (None if unknown else catalog or self.catalog), schema, name
        if catalog is not None:
            return catalog, None, name
        if name is not None and self._is_system(name):
            return self.catalog, "pg_catalog", name
        return self.catalog, self.schema, name

    def _is_system(self, name: str) -> bool:
        if self.dialect == "duckdb" and name.startswith(("duckdb_", "sqlite_", "pragma_")):
            return True
        if self.dialect == "redshift" and name.startswith(_REDSHIFT_SYSTEM):
            return True
        return self.dialect in _POSTGRES and name.startswith("pg_")

    def _is_file(self, table: exp.Table, schema: str | None, name: str | None) -> bool:
        if name is None:
            return False
        if self.dialect == "duckdb":
            return bool(_PATH_MARKS & set(name))
        if self.dialect in _SPARK and schema is not None and not table.args.get("catalog"):
            return schema.lower() in _FILE_FORMATS
        return False

    def _part(self, table: exp.Table, part: str) -> str | None:
        given = table.args.get(part)
        return self.folded(given) if given else None


def names_of(sql: SqlText) -> Names:
    """Return what resolves the names of some SQL."""
    names = Names(sql.dialect, sql.catalog, sql.schema)
    if sql.dialect != "snowflake":
        return names
    return Names(
        sql.dialect,
        *(
            part if part is None else names.folded_pattern(part)
            for part in (sql.catalog, sql.schema)
        ),
    )

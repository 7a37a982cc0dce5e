"""What calls of functions touch: nothing, a function that may do anything, or the outside."""

import re
from collections.abc import Iterator

from sqlglot import exp

from heimdall.domain.policy import SqlAction
from heimdall.sql_policy.access import (
    SqlAccess,
    SqlRefusedError,
    of_file,
    of_outside,
    of_setting,
)
from heimdall.sql_policy.harmless import HARMLESS
from heimdall.sql_policy.names import Names

HANDED = "it hands a table to a function, which cannot be checked"

_OUTSIDE_NAMES = """
    dblink.* (query|cursor|table|schema|database)_to_xml.* ts_(stat|rewrite) lo_.* pg_.*
    query query_table json_execute_serialized_sql json_deserialize_sql copy_database glob
    sniff_csv read_.* parquet_.* .*_scan .*_scan_.* .*_query
    remote remotesecure cluster clusterallreplicas .*cluster merge mysql postgresql mongodb redis
    sqlite odbc jdbc url file files s3 .*s3 gcs hdfs hudi azureblobstorage
    joinget.* executable input loop timeseries.* fuzz.* view
    viewexplain viewifpermitted procedure raw_query result_scan system\\$.* external_files
    infer_schema java_method reflect try_reflect ai_.* http_.* remote_query
    crosstab.* connectby xpath_table get_raw_page pgstat.* pgrowlocks setval lo(read|write)
    (global)?(not)?(null)?in(ignoreset)? mergetree.* filesystem hive oss cosn ytsaurus arrowflight
    iceberg.* deltalake.* paimon.* prometheus.* catboost.* evalmlmethod hascolumnintable
    stream dict.* lookup_string inspect_.* list_rowsets
    get_ddl get_presigned_url build_.*_url table_changes
    pragma_(table_info|storage_info|show) .*_attach st_read.* enable_.* load_aws_credentials
"""
_OUTSIDE = re.compile("|".join(_OUTSIDE_NAMES.split()))
_UNSAFE = """
    AIAgg AIClassify AIEmbed AIForecast AIGenerate AISimilarity AISummarizeAgg
    DynamicIdentifier FeaturesAtTime GapFill GenerateBool GenerateDouble GenerateEmbedding
    GenerateInt GenerateTable GenerateText MLForecast MLTranslate NetFunc NextValueFor ObjectId
    Predict SafeFunc Search Secret ToFile VectorSearch
"""
_UNSAFE_TYPES = frozenset(_UNSAFE.split())
_READERS = (exp.ReadCSV, exp.ReadParquet)
_TABLE_MACROS = frozenset({"histogram", "histogram_values", "duckdb_table_sample", "summary"})
_SETTERS = frozenset({"set_config"})
_OWNED_BY_THE_ENGINE = tuple(
    (each, "system") for each in ("trino", "presto", "spark", "databricks")
)
"""Schemas whose functions and procedures work on the tables that they are told."""

_DUCKDB_READERS = frozenset(
    {
        "read_csv", "read_csv_auto", "read_parquet", "parquet_scan", "read_json",
        "read_json_auto", "read_ndjson", "read_ndjson_auto", "read_text", "read_blob",
    }
)  # fmt: skip


def accesses_of_call(call: exp.Func, names: Names) -> Iterator[SqlAccess]:
    """Yield what calling a function touches, beside its arguments.

    A function that is not known to only compute is an access to the function; if it is known to
    run SQL or to read files, it is one to all tables too.

    Raises:
        SqlRefusedError: which function or table is meant is not known before it is executed.
    """
    name = _name_of(call)
    if name is None:
        return
    owner = _owner_of(call, names)
    if name == "table" and any(isinstance(each, exp.Column) for each in call.expressions):
        raise SqlRefusedError(HANDED)
    is_known = name == "table" or (name in HARMLESS and not _is_table_macro(call, name, names))
    if owner is None and is_known:
        return
    paths = _paths(call, name) if names.dialect == "duckdb" and owner is None else None
    if paths is not None:
        yield from map(of_file, paths)
    elif name in _SETTERS:
        yield of_setting(name)
    elif _is_outside(call, name, owner, names):
        yield from of_outside(name)
    else:
        catalog, schema = owner or (names.catalog, names.schema)
        is_spelt = isinstance(call, exp.Anonymous)  # others have the parser's name, not their own
        if schema != "pg_catalog" or (is_spelt and name not in HARMLESS):
            yield SqlAccess(SqlAction.EXECUTE, catalog, schema, name if is_spelt else None)


def _is_outside(
    call: exp.Func, name: str, owner: tuple[str | None, str | None] | None, names: Names
) -> bool:
    """Whether a function runs SQL, or reads what it is told.

    Of ClickHouse's tables that are functions, each may do so: there are new ones with each version,
    and none is a user's.
    """
    if _OUTSIDE.fullmatch(name) or (owner and (names.dialect, owner[1]) in _OWNED_BY_THE_ENGINE):
        return True
    if _is_table_macro(call, name, names):
        return True
    return names.dialect == "clickhouse" and isinstance(call.parent, exp.Table)


def _is_table_macro(call: exp.Func, name: str, names: Names) -> bool:
    """Whether it is a table of DuckDB's that reads the one that it is told."""
    is_table = isinstance(call.parent, exp.Table | exp.Lateral | exp.TableFromRows)
    return names.dialect == "duckdb" and is_table and name in _TABLE_MACROS


def _name_of(call: exp.Func) -> str | None:
    """Return the name of a function that needs a look; None if it is known to only compute."""
    if isinstance(call, exp.Apply):
        raise SqlRefusedError("it names a function that is applied to columns")
    if isinstance(call, exp.DynamicIdentifier):
        raise SqlRefusedError("it has a name that is only known when it is executed")
    if isinstance(call, exp.Anonymous):
        if not isinstance(call.this, str):
            raise SqlRefusedError("it calls a function of which the name cannot be told")
        if call.this.lower() == "identifier":
            raise SqlRefusedError("it has a name that is only known when it is executed")
        return str(call.this).lower()
    if isinstance(call, _READERS) or type(call).__name__ in _UNSAFE_TYPES:
        return call.sql_name().lower()
    return call.sql_name().lower() if _is_qualified(call) else None


def _is_qualified(call: exp.Func) -> bool:
    parent = call.parent
    if isinstance(parent, exp.Table):
        return parent.this is call and bool(parent.args.get("db"))
    return isinstance(parent, exp.Dot) and parent.expression is call


def _owner_of(call: exp.Func, names: Names) -> tuple[str | None, str | None] | None:
    """Return catalog and schema of a function if they are given."""
    parent = call.parent
    if parent is None or not _is_qualified(call):
        return None
    if isinstance(parent, exp.Table):
        catalog = parent.args.get("catalog")
        return names.folded(catalog) if catalog else names.catalog, names.folded(parent.args["db"])
    steps = list(parent.this.flatten()) if isinstance(parent.this, exp.Dot) else [parent.this]
    if not all(isinstance(step, exp.Identifier | exp.Column) for step in steps):
        return None, None
    texts: list[str] = []
    for step in steps:
        parts = step.parts if isinstance(step, exp.Column) else [step]
        texts += [part.name.lower() for part in parts]
    return (texts[-2] if len(texts) > 1 else names.catalog), texts[-1]


def _paths(call: exp.Func, name: str) -> list[str] | None:
    """Return the files that DuckDB is told to read; None if that is not written out."""
    first: exp.Expression | None
    if isinstance(call, exp.ReadCSV):
        first, name = call.this, "read_csv"
    elif isinstance(call, exp.ReadParquet):
        first, name = next(iter(call.expressions), None), "read_parquet"
    else:
        first = next(iter(call.expressions), None)
    if name not in _DUCKDB_READERS or first is None:
        return None
    listed = first.expressions if isinstance(first, exp.Array) else [first]
    if not listed or not all(isinstance(each, exp.Literal) and each.is_string for each in listed):
        return None
    paths = [each.name for each in listed]
    return None if any(".." in path for path in paths) else paths

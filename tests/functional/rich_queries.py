"""A statement of many types for each data engine, and what a result has for its values."""

import json
from dataclasses import dataclass
from typing import Any

from tests.fakes.engines.trino_queries import column, signature
from tests.fakes.tables_of_others import DIGITS, METADATA, METADATA_LOCATION

BIG, EXACT = 2**63 - 1, "-12345678901234567890.123456789"
TEXT = 'say "ü", \\\n\x1f'
UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A job's context and its result.

    Attributes:
        values: name and type of each column, and its value in each row.
    """

    context: dict[str, Any]
    values: list[tuple[Any, ...]]

    @property
    def columns(self) -> list[dict[str, str]]:
        return [{"name": name, "type": kind} for name, kind, *_ in self.values]

    @property
    def rows(self) -> list[list[Any]]:
        return [list(row) for row in zip(*[values for _, _, *values in self.values], strict=True)]


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _with_nulls(expressions: list[str]) -> str:
    nothing = ", ".join(["NULL"] * len(expressions))
    return f"SELECT {', '.join(expressions)} UNION ALL SELECT {nothing}"


def _beside_nothing(expressions: list[str]) -> str:
    """As above, for PostgreSQL: a UNION would lose the digits of `numeric`."""
    rich = f"SELECT {', '.join(expressions)}"
    return f"SELECT t.* FROM generate_series(1, 2) AS r LEFT JOIN ({rich}) AS t ON r = 1 ORDER BY r"


POSTGRES = Asked(
    context={
        "query": _beside_nothing([
            ":n::int AS n",
            ":text::text AS text",
            f"{BIG}::int8 AS big",
            f"({EXACT})::numeric(38,9) AS exact",
            "12.5::numeric AS loose",
            "'NaN'::float8 AS none",
            "true AS yes",
            "'2026-11-22 10:00:00.123456+02'::timestamptz AS at",
            "'2026-11-22 10:00:00'::timestamp AS local",
            "'2026-11-22'::date AS day",
            "'10:00:00.5'::time AS hour",
            "'10:00:00.5+05:30'::timetz AS zoned",
            "array['a', null, ''] AS names",
            r"'\x00ff'::bytea AS bytes",
            "interval '1 year 2 mons 3 days 04:05:06.7' AS span",
            """'{"a": 1}'::jsonb AS doc""",
            f"'{UUID}'::uuid AS id",
            "null::text AS nothing",
        ]),
        "params": {"n": 7, "text": TEXT},
    },
    values=[
        ("n", "int", 7, None),
        ("text", "string", TEXT, None),
        ("big", "int", BIG, None),
        ("exact", "decimal(38,9)", EXACT, None),
        ("loose", "decimal", "12.5", None),
        ("none", "float", "NaN", None),
        ("yes", "boolean", True, None),
        ("at", "timestamptz", "2026-11-22T08:00:00.123456Z", None),
        ("local", "timestamp", "2026-11-22T10:00:00.000000", None),
        ("day", "date", "2026-11-22", None),
        ("hour", "time", "10:00:00.500000", None),
        ("zoned", "timetz", "10:00:00.5+05:30", None),
        ("names", "list<string>", ["a", None, ""], None),
        ("bytes", "binary", "00ff", None),
        ("span", "interval", "P1Y2M3DT4H5M6.7S", None),
        ("doc", "json", '{"a": 1}', None),
        ("id", "uuid", UUID, None),
        ("nothing", "string", None, None),
    ],
)  # fmt: skip

_DUCKDB = [
    ":n AS n",
    ":text AS text",
    f"{BIG}::BIGINT AS big",
    f"({EXACT})::DECIMAL(38,9) AS exact",
    "'-inf'::DOUBLE AS least",
    "TIMESTAMPTZ '2026-11-22 10:00:00.5+02' AS at",
    "DATE '2026-11-22' AS day",
    "[1, NULL] AS list",
    "MAP {'a': 1, 'b': NULL} AS pairs",
    "{'x': 1, 'y': ['0.5']} AS parts",
    r"'\x00\xFF'::BLOB AS bytes",
]
_OF_DUCKDB: list[tuple[Any, ...]] = [
    ("n", "int", 7, None),
    ("text", "string", TEXT, None),
    ("big", "int", BIG, None),
    ("exact", "decimal(38,9)", EXACT, None),
    ("least", "float", "-Infinity", None),
    ("at", "timestamptz", "2026-11-22T08:00:00.500000Z", None),
    ("day", "date", "2026-11-22", None),
    ("list", "list<int>", [1, None], None),
    ("pairs", "map<string,int>", {"a": 1, "b": None}, None),
    ("parts", "struct<x: int, y: list<string>>", {"x": 1, "y": ["0.5"]}, None),
    ("bytes", "binary", "00ff", None),
]
_PARAMS = {"n": 7, "text": TEXT}

STARROCKS = Asked(
    context={"query": _with_nulls(_DUCKDB), "params": _PARAMS},
    values=_OF_DUCKDB,
)
DUCKDB = Asked(
    context={
        "query": _with_nulls([
            *_DUCKDB,
            "TIME '10:00:00.5' AS hour",
            "INTERVAL '1 year 2 months 3 days 4.5 seconds' AS span",
            f"'{UUID}'::UUID AS id",
        ]),
        "params": _PARAMS,
    },
    values=[
        *_OF_DUCKDB,
        ("hour", "time", "10:00:00.500000", None),
        ("span", "interval", "P1Y2M3DT4.5S", None),
        ("id", "uuid", UUID, None),
    ],
)  # fmt: skip

CLICKHOUSE = Asked(
    context={
        "query": f"""SELECT :n AS n, :text AS text, toInt64('{BIG}') AS big,
            toDecimal128('{EXACT}', 9) AS exact, -inf::Float64 AS least,
            toDateTime64('2026-11-22 10:00:00.5', 6, 'Europe/Berlin') AS at,
            toDate('2026-11-22') AS day, [1, NULL] AS list, map('a', 1, 'b', NULL) AS pairs,
            CAST((1, NULL) AS Tuple(x Int8, y Nullable(String))) AS parts,
            toFixedString('ab', 4) AS bytes, toIntervalMonth(14) AS span,
            toUUID('{UUID}') AS id, NULL::Nullable(String) AS nothing""",
        "params": _PARAMS,
    },
    values=[
        ("n", "int", 7),
        ("text", "string", TEXT),
        ("big", "int", BIG),
        ("exact", "decimal(38,9)", EXACT),
        ("least", "float", "-Infinity"),
        ("at", "timestamptz", "2026-11-22T09:00:00.500000Z"),
        ("day", "date", "2026-11-22"),
        ("list", "list<int>", [1, None]),
        ("pairs", "map<string,int>", {"a": 1, "b": None}),
        ("parts", "struct<x: int, y: string>", {"x": 1, "y": None}),
        ("bytes", "binary", "61620000"),
        ("span", "interval", "P1Y2M"),
        ("id", "uuid", UUID),
        ("nothing", "string", None),
    ],
)

SNOWFLAKE = Asked(
    context={
        "query": _with_nulls([
            ":n AS n",
            ":text AS text",
            "123456789012345678::NUMBER(18,0) AS big",
            f"({EXACT})::NUMBER(38,9) AS exact",
            "'-Infinity'::FLOAT AS least",
            "'2026-11-22 10:00:00.5 +0200'::TIMESTAMP_TZ AS at",
            "'2026-11-22'::DATE AS day",
            "'10:00:00.5'::TIME AS hour",
            "to_binary('00FF', 'HEX') AS bytes",
            "true AS yes",
        ]),
        "params": _PARAMS,
    },
    values=[
        ("N", "decimal(38,0)", "7", None),
        ("TEXT", "string", TEXT, None),
        ("BIG", "int", 123456789012345678, None),
        ("EXACT", "decimal(38,9)", EXACT, None),
        ("LEAST", "float", "-Infinity", None),
        ("AT", "timestamptz", "2026-11-22T08:00:00.500000Z", None),
        ("DAY", "date", "2026-11-22", None),
        ("HOUR", "time", "10:00:00.500000", None),
        ("BYTES", "binary", "00ff", None),
        ("YES", "boolean", True, None),
    ],
)  # fmt: skip

TRINO = Asked(
    context={"query": "SELECT :n AS n, :text AS text, rich.* FROM rich", "params": _PARAMS},
    values=[
        ("n", "int", 7, None),
        ("text", "string", TEXT, None),
        ("big", "int", BIG, None),
        ("exact", "decimal(38,9)", EXACT, None),
        ("least", "float", "-Infinity", None),
        ("at", "timestamptz", "2026-07-01T08:00:00.123000Z", None),
        ("day", "date", "2026-11-22", None),
        ("list", "list<int>", [1, None], None),
        ("pairs", "map<int,date>", [[-1, "2026-11-22"]], None),
        ("parts", "struct<a: int, b: binary>", {"a": 1, "b": "00"}, None),
        ("bytes", "binary", "00ff", None),
        ("span", "interval", "P1DT2H3M4.567S", None),
        ("id", "uuid", UUID, None),
        ("doc", "json", '{"a":[1,null]}', None),
    ],
)
TRINO_COLUMNS = [
    column("n", "integer"),
    column("text", "varchar", 2147483647),
    column("big", "bigint"),
    column("exact", "decimal", 38, 9),
    column("least", "double"),
    column("at", "timestamp with time zone", 3),
    column("day", "date"),
    column("list", "array", signature("bigint")),
    column("pairs", "map", signature("bigint"), signature("date")),
    column("parts", "row", ("a", signature("integer")), ("b", signature("varbinary"))),
    column("bytes", "varbinary"),
    column("span", "interval day to second"),
    column("id", "uuid"),
    column("doc", "json"),
]
TRINO_ROW = [
    *(7, TEXT, BIG, EXACT, "-Infinity", "2026-07-01 10:00:00.123 Europe/Berlin", "2026-11-22"),
    *([1, None], {"-1": "2026-11-22"}, [1, "AA=="], "AP8=", "1 02:03:04.567", UUID),
    '{"a":[1,null]}',
]
"""As Trino's protocol has the values."""

DYNAMO = Asked(
    context={
        "query": 'SELECT Song, Exact, Cover, Live, Words, Moods, Label FROM "Music" '
        "WHERE Artist = :artist",
        "params": {"artist": "Acme"},
    },
    values=[
        ("Song", "string", "One", "Two"),
        ("Exact", "decimal", None, DIGITS),
        ("Cover", "binary", None, "00ff"),
        ("Live", "boolean", None, True),
        ("Words", "json", None, '["la",1.50,null]'),
        ("Moods", "list<string>", None, ["calm", "sad"]),
        ("Label", "null", None, None),
    ],
)

GLUE = Asked(
    context={"table_name": "sales.orders"},
    values=[
        ("message", "string", json.dumps(METADATA, ensure_ascii=False)),
        ("table_name", "string", "sales.orders"),
        ("metadata_location", "string", METADATA_LOCATION),
        ("table_uuid", "uuid", METADATA["table-uuid"]),
        ("format_version", "int", 2),
        ("location", "string", "s3://lake/sales/orders"),
        ("last_updated", "timestamptz", "2026-11-22T10:00:00.123000Z"),
        ("current_snapshot_id", "int", 9007199254740993),
        ("snapshot_count", "int", 1),
        ("schema", "json", _compact(METADATA["schemas"][1])),
        ("partition_spec", "json", _compact(METADATA["partition-specs"][0]["fields"])),
        ("properties", "json", '{"owner":"ada"}'),
    ],
)

HTTP_ROWS = [
    {"n": 7, "text": TEXT, "big": BIG, "part": 0.5, "yes": True, "list": [1, None], "nothing": None}
]
HTTP = Asked(
    context={"path": "/rich", "params": {"n": 7}},
    values=[
        ("n", "int", 7),
        ("text", "string", TEXT),
        ("big", "int", BIG),
        ("part", "float", 0.5),
        ("yes", "boolean", True),
        ("list", "json", "[1,null]"),
        ("nothing", "null", None),
    ],
)

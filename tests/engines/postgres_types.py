"""Every type of PostgreSQL with values at its edges, and what a result has for each."""

from typing import Any

Case = tuple[str, str, Any]
"""An expression of SQL, the result's type, and the value as JSON has it."""

BIG = "9" * 1000 + "." + "1" * 1000

TYPES: list[Case] = [
    ("true", "boolean", True),
    ("false", "boolean", False),
    ("null::bool", "boolean", None),
    ("(-32768)::int2", "int", -32768),
    ("(-2147483648)::int4", "int", -2147483648),
    ("9223372036854775807::int8", "int", 9223372036854775807),
    ("(-9223372036854775808)::int8", "int", -9223372036854775808),
    ("4294967295::oid", "int", 4294967295),
    ("0.1::float4", "float", 0.1),
    ("'NaN'::float4", "float", "NaN"),
    ("'-Infinity'::float4", "float", "-Infinity"),
    ("1.7976931348623157e308::float8", "float", 1.7976931348623157e308),
    ("5e-324::float8", "float", 5e-324),
    ("'-0'::float8", "float", -0.0),
    ("'NaN'::float8", "float", "NaN"),
    ("'Infinity'::float8", "float", "Infinity"),
    (f"{BIG}::numeric", "decimal", BIG),
    ("'NaN'::numeric", "decimal", "NaN"),
    ("'-Infinity'::numeric", "decimal", "-Infinity"),
    ("1.50::numeric(10,2)", "decimal(10,2)", "1.50"),
    ("(-99999999999999999999999999999999999999)::numeric(38)", "decimal(38,0)", "-" + "9" * 38),
    (f"{'9' * 40}.5::numeric(60,3)", "decimal(60,3)", "9" * 40 + ".500"),
    (f"{'7' * 80}::numeric(80)", "decimal", "7" * 80),
    ("12345::numeric(3,-2)", "decimal(5,0)", "12300"),
    ("0.00012::numeric(2,5)", "decimal(5,5)", "0.00012"),
    ("null::numeric(10,2)", "decimal(10,2)", None),
    ("'a,\"b\"\n\\c''ü😀'", "string", 'a,"b"\n\\c\'ü😀'),
    ("''", "string", ""),
    ("null::text", "string", None),
    ("'NULL'", "string", "NULL"),
    ("'abc'::varchar(10)", "string", "abc"),
    ("'ab'::char(5)", "string", "ab   "),
    ("'x'::\"char\"", "string", "x"),
    ("'pg_class'::name", "string", "pg_class"),
    ("'\\x00ff5c'::bytea", "binary", "00ff5c"),
    ("''::bytea", "binary", ""),
    ("null::bytea", "binary", None),
    ("'2026-11-22'::date", "date", "2026-11-22"),
    ("'10000-01-01'::date", "date", "10000-01-01"),
    ("'0044-03-15 BC'::date", "date", "-0043-03-15"),
    ("'32767-12-31'::date", "date", "32767-12-31"),
    ("'10:00:00.123456'::time", "time", "10:00:00.123456"),
    ("'00:00'::time", "time", "00:00:00.000000"),
    ("'10:00:00.5+05:30'::timetz", "timetz", "10:00:00.5+05:30"),
    ("'2026-11-22 10:00:00.123456'::timestamp", "timestamp", "2026-11-22T10:00:00.123456"),
    ("'4713-11-24 00:00 BC'::timestamp", "timestamp", "-4712-11-24T00:00:00.000000"),
    ("'2026-11-22 10:00:00+02'::timestamptz", "timestamptz", "2026-11-22T08:00:00.000000Z"),
    ("null::timestamptz", "timestamptz", None),
    ("'1 year 2 mons -3 days 04:05:06.7'::interval", "interval", "P1Y2M-3DT4H5M6.7S"),
    ("'-04:05:06.000001'::interval", "interval", "PT-4H-5M-6.000001S"),
    ("'0'::interval", "interval", "PT0S"),
    (
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid",
        "uuid",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    ),
    ("'{\"a\": [1, 2]}'::json", "json", '{"a": [1, 2]}'),
    ("'{\"b\":1e2}'::jsonb", "json", '{"b": 100}'),
    ("'{1,NULL,3}'::int[]", "list<int>", [1, None, 3]),
    ("'{{1,2},{3,NULL}}'::int8[]", "list<list<int>>", [[1, 2], [3, None]]),
    ("'[0:1]={7,8}'::int[]", "list<int>", [7, 8]),
    ("'{}'::int[]", "list<int>", []),
    ("null::text[]", "list<string>", None),
    (
        "array['a b', null, 'NULL', '', '{\"}', 'ü,\\']",
        "list<string>",
        ["a b", None, "NULL", "", '{"}', "ü,\\"],
    ),
    ("array[1.50::numeric(5,2), null]", "list<decimal>", ["1.50", None]),
    ("'{t,f}'::bool[]", "list<boolean>", [True, False]),
    ("'{0.5,NaN}'::float8[]", "list<float>", [0.5, "NaN"]),
    ("array['\\x00'::bytea]", "list<binary>", ["00"]),
    ("'{2026-11-22}'::date[]", "list<date>", ["2026-11-22"]),
    (
        "array['2026-11-22 10:00'::timestamptz]",
        "list<timestamptz>",
        ["2026-11-22T10:00:00.000000Z"],
    ),
    ("'{(1,1),(0,0);(3,3),(2,2)}'::box[]", "list<string>", ["(1,1),(0,0)", "(3,3),(2,2)"]),
    ("array['{\"a\":1}'::jsonb]", "list<json>", ['{"a": 1}']),
    ("'[1,5)'::int4range", "string", "[1,5)"),
    ("'{[1,5),[7,9)}'::int4multirange", "string", "{[1,5),[7,9)}"),
    ("row(1, 'a b', null)", "string", '(1,"a b",)'),
    (
        "row(1, 'a,b', array[1,2])::point_of_sale",
        "struct<id: int, name: string, sums: list<int>>",
        {"id": 1, "name": "a,b", "sums": [1, 2]},
    ),
    (
        "row(null, '', null)::point_of_sale",
        "struct<id: int, name: string, sums: list<int>>",
        {"id": None, "name": "", "sums": None},
    ),
    (
        "array[row(1, 'x\"y', null)::point_of_sale]",
        "list<struct<id: int, name: string, sums: list<int>>>",
        [{"id": 1, "name": 'x"y', "sums": None}],
    ),
    ("'happy'::mood", "string", "happy"),
    ("'{happy,NULL}'::mood[]", "list<string>", ["happy", None]),
    ("12.345::amount", "decimal(10,3)", "12.345"),
    ("'{1.5}'::amounts", "list<decimal(10,3)>", ["1.500"]),
    ("'192.168.0.1/24'::inet", "string", "192.168.0.1/24"),
    ("'::1'::inet", "string", "::1"),
    ("'10.0.0.0/8'::cidr", "string", "10.0.0.0/8"),
    ("'08:00:2b:01:02:03'::macaddr", "string", "08:00:2b:01:02:03"),
    ("'08:00:2b:01:02:03:04:05'::macaddr8", "string", "08:00:2b:01:02:03:04:05"),
    ("b'101'", "string", "101"),
    ("b'101'::varbit(5)", "string", "101"),
    ("12.5::money", "string", "$12.50"),
    ("'<a>b</a>'::xml", "string", "<a>b</a>"),
    ("'a fat cat'::tsvector", "string", "'a' 'cat' 'fat'"),
    ("'fat & rat'::tsquery", "string", "'fat' & 'rat'"),
    ("'(1,2)'::point", "string", "(1,2)"),
    ("'{1,2,3}'::line", "string", "{1,2,3}"),
    ("'[(0,0),(1,1)]'::lseg", "string", "[(0,0),(1,1)]"),
    ("'(1,1),(0,0)'::box", "string", "(1,1),(0,0)"),
    ("'((0,0),(1,1))'::path", "string", "((0,0),(1,1))"),
    ("'((0,0),(1,1))'::polygon", "string", "((0,0),(1,1))"),
    ("'<(0,0),1>'::circle", "string", "<(0,0),1>"),
    ("'pg_class'::regclass", "string", "pg_class"),
    ("'16/B374D848'::pg_lsn", "string", "16/B374D848"),
    ("'1 2'::int2vector", "string", "1 2"),
    ("'$.a'::jsonpath", "string", '$."a"'),
]

MADE = """
    CREATE TYPE mood AS ENUM ('happy', 'sad');
    CREATE TYPE point_of_sale AS (id int, name text, sums int[]);
    CREATE DOMAIN amount AS numeric(10,3) CHECK (value > 0);
    CREATE DOMAIN amounts AS amount[];
"""
"""Types that a database has of its own."""

UNMADE = "DROP DOMAIN amounts, amount; DROP TYPE mood, point_of_sale"

UNFIT: list[tuple[str, str]] = [
    ("'infinity'::date", "infinity"),
    ("'-infinity'::timestamp", "-infinity"),
    ("'infinity'::timestamptz", "infinity"),
    ("'294276-12-31 23:59:59.999999'::timestamp", "294276-12-31 23:59:59.999999"),
    ("'5874897-12-31'::date", "5874897-12-31"),
    ("'24:00:00'::time", "24:00:00"),
    ("'NaN'::numeric(10,2)", "NaN"),
    ("'2562047788:00:54.775807'::interval", "2562047788:00:54.775807"),
    ("array['infinity'::date]", "infinity"),
]
"""Values that no result has, and how PostgreSQL writes them."""

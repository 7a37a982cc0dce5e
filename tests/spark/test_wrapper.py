"""The wrapper in a real Spark: what it leaves is what Spark gives, or a failure that says why."""

import json
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from heimdall.spark.report import WRAPPER

MANY = 120_000
ROWS = "SELECT id, id % 7 AS rest, concat('row ', id) AS text FROM range(0, {}, 1, 8)"
TYPES = """
SELECT 1Y AS tiny, 2S AS small, 3 AS int, 9223372036854775807L AS long, true AS yes,
       1.5F AS float, 2.5D AS double, double('NaN') AS nan, double('-Infinity') AS infinite,
       CAST('12345678901234567890.123456789' AS DECIMAL(38, 9)) AS exact,
       'é "quoted"\\n' AS text, CAST('é' AS BINARY) AS bytes, CAST(NULL AS STRING) AS nothing,
       DATE'0001-01-01' AS day, TIMESTAMP'2026-11-22 10:00:00.123456' AS moment,
       TIMESTAMP_NTZ'2026-11-22 10:00:00' AS clock, INTERVAL '1' DAY AS span,
       array(1.5BD, NULL) AS list, map(1, DATE'2026-01-01') AS dates,
       named_struct('a', array(double('NaN')), 'b', named_struct('c', X'00')) AS nested;
"""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement, and whether what is left is compared with what Spark gives directly."""

    name: str
    query: str
    max_rows: int = 1_000_000
    max_bytes: int = 100_000_000
    return_result: bool = True
    compare: bool = False


STATEMENTS = [
    Statement(name="types", query=TYPES),
    Statement(name="sorted", query=f"{ROWS.format(MANY)} ORDER BY rest DESC, id", compare=True),
    Statement(name="unsorted", query=ROWS.format(MANY), compare=True),
    Statement(
        name="union", query="SELECT * FROM range(5) UNION ALL SELECT * FROM range(3)", compare=True
    ),
    Statement(
        name="groups", query="SELECT id % 3 k, count(*) n FROM range(10) GROUP BY 1", compare=True
    ),
    Statement(name="random", query="SELECT id, rand() AS chance FROM range(0, 1000, 1, 4)"),
    Statement(
        name="empty", query="SELECT id, 'x' AS text FROM range(3) WHERE id > 5", compare=True
    ),
    Statement(name="ugly", query="SELECT 1 AS `a.b`, 2 AS ` c`, 3 AS `d``e`", compare=True),
    Statement(name="beyond", query="SELECT date_add(DATE'9999-12-31', 1) AS day"),
    Statement(name="twice", query="SELECT 1 AS a, 2 AS a"),
    Statement(name="create", query="CREATE TABLE kept (a INT) USING parquet"),
    Statement(name="insert", query="INSERT INTO kept VALUES (1), (2)"),
    Statement(name="kept", query="SELECT a FROM kept ORDER BY a"),
    Statement(name="show", query="SHOW TABLES"),
    Statement(name="unread", query="SELECT 1", return_result=False),
    Statement(name="rows-fit", query=ROWS.format(100), max_rows=100),
    Statement(name="rows-over", query=ROWS.format(101), max_rows=100),
    Statement(name="bytes-over", query=ROWS.format(100), max_bytes=1_000),
    Statement(name="bytes-over-as-parquet", query="SELECT 1 AS a", max_bytes=100),
    Statement(name="syntax", query="SELEC 1"),
    Statement(name="two", query="SELECT 1; SELECT 2"),
    Statement(name="no-column", query="SELECT nothing_of_that_name"),
    Statement(name="no-path", query="SELECT * FROM parquet.`/nowhere/at/all`"),
    Statement(name="division", query="SELECT 1 / (id - 5) FROM range(10)"),
    Statement(name="unread-division", query="SELECT 1 / id FROM range(9)", return_result=False),
    Statement(name="cast", query="SELECT CAST(concat('x', id) AS INT) FROM range(10)"),
    Statement(name="raised", query="SELECT raise_error('not today') FROM range(2)"),
]


class Left:
    """What the wrapper left of a statement."""

    def __init__(self, directory: Path, name: str) -> None:
        self.output = directory / name
        self.report = json.loads((self.output / "report.json").read_text())
        self._told = directory / f"{name}.json"

    @property
    def result(self):
        text = (self.output / "result.json").read_text()
        assert len(text.encode()) == self.report["bytes"]
        return json.loads(text)

    @property
    def told(self):
        return json.loads(self._told.read_text())


@pytest.fixture(scope="session")
def left(spark_submit, tmp_path_factory):
    """Run all statements in one Spark, which takes most of a minute."""
    directory = tmp_path_factory.mktemp("statements")
    (directory / "statements.json").write_text(json.dumps([asdict(each) for each in STATEMENTS]))
    settings = {
        "spark.master": "local[2]",
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.warehouse.dir": str(directory / "warehouse"),
    }
    words = [word for item in settings.items() for word in ("--conf", "=".join(item))]
    script = Path(__file__).with_name("statements.py")
    done = subprocess.run(
        [spark_submit, *words, script, WRAPPER, directory],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-5_000:]
    return lambda name: Left(directory, name)


def test_values_are_json(left):
    types = left("types")

    (row,) = types.result["data"]
    assert dict(zip([each["name"] for each in types.result["columns"]], row, strict=True)) == {
        "tiny": 1,
        "small": 2,
        "int": 3,
        "long": 9_223_372_036_854_775_807,
        "yes": True,
        "float": 1.5,
        "double": 2.5,
        "nan": None,
        "infinite": None,
        "exact": "12345678901234567890.123456789",
        "text": 'é "quoted"\n',
        "bytes": "w6k=",
        "nothing": None,
        "day": "0001-01-01",
        "moment": "2026-11-22 10:00:00.123456",
        "clock": "2026-11-22 10:00:00",
        "span": "INTERVAL '1' DAY",
        "list": ["1.5", None],
        "dates": {"1": "2026-01-01"},
        "nested": {"a": [None], "b": {"c": "AA=="}},
    }
    assert types.report["columns"] == types.result["columns"]
    named = {each["name"]: each["type"] for each in types.result["columns"]}
    assert (named["exact"], named["list"]) == ("decimal(38,9)", "array<decimal(2,1)>")


@pytest.mark.parametrize("name", [each.name for each in STATEMENTS if each.compare])
def test_both_forms_are_what_spark_gives_directly_and_in_its_order(left, name):
    found = left(name)

    assert found.told["parquet"] == found.told["direct"]
    assert [repr(row) for row in found.result["data"]] == found.told["direct"]["rows"]
    assert len(found.report["parquet"]) == 1
    assert [path.name for path in (found.output / "parquet").glob("part-*")] == [
        Path(found.report["parquet"][0]).name
    ]
    assert found.report["rows"] == len(found.told["direct"]["rows"])
    assert found.report["notes"] == []


def test_many_rows_are_all_there_and_in_order(left):
    ids = [row[0] for row in left("sorted").result["data"]]

    assert ids == sorted(range(MANY), key=lambda number: (-(number % 7), number))


def test_statement_is_run_once_for_both_forms(left):
    """Its numbers would differ, else."""
    found = left("random")

    assert len({row[1] for row in found.result["data"]}) == 1_000
    assert found.report["rows"] == 1_000


def test_day_that_python_does_not_know_is_text(left):
    assert left("beyond").result["data"] == [["+10000-01-01"]]


def test_result_that_parquet_cannot_hold_is_had_as_json(left):
    found = left("twice")

    assert found.report["ok"]
    assert found.result["data"] == [[1, 2]]
    assert found.report["parquet"] == []
    (note,) = found.report["notes"]
    assert "COLUMN_ALREADY_EXISTS" in note


@pytest.mark.parametrize("name", ["create", "insert", "unread"])
def test_statement_without_a_result_leaves_none(left, name):
    found = left(name)

    assert found.report == {
        "ok": True,
        "rows": 0,
        "bytes": 0,
        "columns": [],
        "parquet": [],
        "notes": [],
    }
    assert not (found.output / "result.json").exists()


def test_what_was_written_is_read_again(left):
    assert left("kept").result["data"] == [[1], [2]]
    assert [row[1] for row in left("show").result["data"]] == ["kept"]


def test_result_of_exactly_the_rows_that_are_allowed_is_whole(left):
    assert len(left("rows-fit").result["data"]) == 100


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("rows-over", "the result has 101 rows, more than the 100 that are allowed"),
        ("bytes-over", "the result is larger than the 1,000 bytes that are allowed"),
        ("bytes-over-as-parquet", "bytes as Parquet, more than the 100 that are allowed"),
        ("syntax", "[PARSE_SYNTAX_ERROR]"),
        ("two", "[PARSE_SYNTAX_ERROR]"),
        ("no-column", "[UNRESOLVED_COLUMN"),
        ("no-path", "[PATH_NOT_FOUND]"),
        ("division", "[DIVIDE_BY_ZERO]"),
        ("unread-division", "[DIVIDE_BY_ZERO]"),
        ("cast", "[CAST_INVALID_INPUT]"),
        ("raised", "not today"),
    ],
)
def test_users_error_is_told_in_sparks_words(left, name, says):
    found = left(name)

    assert not found.report["ok"]
    assert found.report["failure"] == "user_error"
    assert says in found.report["message"]
    assert "\tat " not in found.report["message"]

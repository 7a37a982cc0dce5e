"""Runs one SparkSQL statement inside Spark and leaves its result, checked, with a report.

Below the output it leaves `result.json`, `{"columns": [{"name", "type"}], "data": [[..]]}`, the
same rows in one part below `parquet/`, and last of all `report.json`:
`{"ok": true, "rows": n, "bytes": n, "columns": [..], "parquet": ["parquet/part-.."], "notes": []}`
or `{"ok": false, "failure": "user_error" | "engine_fault", "message": ".."}`, with exit code 1.
It stands alone: Python 3.7 or later, its library, and the PySpark that it is run by.
"""

from __future__ import annotations

import argparse
import base64
import json
import logging
import math
import re
import sys
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

MAX_MESSAGE_CHARACTERS = 20_000
ROWS_AT_ONCE = 50_000
"""About how many rows of a result are in the driver's memory at a time."""

USER_STATES = ("07", "0A", "21", "22", "23", "38", "39", "3F", "42", "44", "54", "P0")
"""Classes of SQLSTATE that tell of the statement, its data or its functions, not of the engine."""

USER_ERRORS = re.compile(
    "(Analysis|Parse|IllegalArgument|Python|Arithmetic|NumberFormat|DateTime)Exception|LimitError"
)
"""Names of errors that do so in versions of Spark that give no SQLSTATE."""

KEPT_TYPES = re.compile("boolean|byte|short|integer|long|float|double|string|binary|void|variant")
"""Types whose values Python takes as they are; all others are made text by Spark."""

Asked = argparse.Namespace


class LimitError(Exception):
    """The result is larger than it may be."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the statement that the arguments name; return the exit code."""
    asked = parse(argv)
    # PySpark would write each error to stdout once more, with the stack of the JVM.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.getOrCreate()
    is_ok = report_statement(spark, asked)
    spark.stop()
    return 0 if is_ok else 1


def report_statement(spark: SparkSession, asked: Asked) -> bool:
    """Run the statement and write how it ended; return whether it ended well."""
    files = HadoopFiles(spark)
    try:
        report = run_statement(spark, files, asked)
    except Exception as error:  # noqa: BLE001 - the entry point; all that is known is reported
        message = message_of(error)
        sys.stderr.write(message + "\n")
        report = {"ok": False, "failure": failure_of(error), "message": message}
    files.write(asked.output + "/report.json", json.dumps(report))
    return bool(report["ok"])


def run_statement(spark: SparkSession, files: HadoopFiles, asked: Asked) -> dict[str, Any]:
    """Run the statement and leave its result, if it has one that is asked for."""
    frame = spark.sql(files.read(asked.query))
    if frame.columns and asked.return_result:
        return {"ok": True, **_leave_result(frame, files, asked)}
    if frame.columns:
        frame.write.format("noop").mode("overwrite").save()  # to its end, as any other
    return {"ok": True, "rows": 0, "bytes": 0, "columns": [], "parquet": [], "notes": []}


def _leave_result(frame: DataFrame, files: HadoopFiles, asked: Asked) -> dict[str, Any]:
    frame = frame.persist()  # so that what is counted is what is written
    rows = frame.count()
    if rows > asked.max_rows:
        allowed = f"the {asked.max_rows:,} that are allowed"
        raise LimitError(f"the result has {rows:,} rows, more than {allowed}")
    fields = frame.schema.fields
    columns = [{"name": field.name, "type": field.dataType.simpleString()} for field in fields]
    with tempfile.TemporaryDirectory() as directory:
        draft = Path(directory) / "result.json"
        with draft.open("wb") as sink:
            found = _in_order(_plain_frame(frame), rows // ROWS_AT_ONCE + 1).toLocalIterator()
            written, size = write_json(sink, columns, found, max_bytes=asked.max_bytes)
        if written != rows:
            raise RuntimeError(f"{written} rows came of the {rows} that were counted before")
        files.put(draft, asked.output + "/result.json")
    parquet = _write_parquet(frame, files, asked)
    return {"rows": rows, "bytes": size, "columns": columns, **parquet}


def _in_order(frame: DataFrame, partitions: int) -> DataFrame:
    """Spread the rows anew, so that they come in the same order from so many partitions."""
    from pyspark.sql.functions import monotonically_increasing_id

    place = "heimdall_" + uuid.uuid4().hex
    numbered = frame.withColumn(place, monotonically_increasing_id())
    is_one = partitions == 1
    spread = numbered.repartition(1) if is_one else numbered.repartitionByRange(partitions, place)
    return spread.sortWithinPartitions(place).drop(place)


def _plain_frame(frame: DataFrame) -> DataFrame:
    """Let Spark make text of what Python has no value for, or none that is as exact."""
    from pyspark.sql.functions import col
    from pyspark.sql.types import StructType

    plain = StructType.fromJson(plain_type(json.loads(frame.schema.json())))
    renamed = frame.toDF(*[f"c{number}" for number in range(len(frame.columns))])  # unlike theirs
    pairs = zip(renamed.schema.fields, plain.fields)  # noqa: B905 - since 3.10
    return renamed.select([col(field.name).cast(to.dataType) for field, to in pairs])


def plain_type(kind: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a type, as the JSON of schemas has it, with text in place of what is not kept."""
    if not isinstance(kind, dict):
        return kind if KEPT_TYPES.fullmatch(kind) else "string"
    if kind["type"] == "array":
        return {**kind, "elementType": plain_type(kind["elementType"])}
    if kind["type"] == "map":
        return {**kind, **{name: plain_type(kind[name]) for name in ("keyType", "valueType")}}
    if kind["type"] == "struct":
        fields = [{**field, "type": plain_type(field["type"])} for field in kind["fields"]]
        return {**kind, "fields": fields}
    return "string"


def write_json(
    sink: IO[bytes], columns: Sequence[Any], rows: Iterable[Sequence[Any]], *, max_bytes: int
) -> tuple[int, int]:
    """Write a result in Heimdall's form, row by row; return how many rows and bytes it has.

    Raises:
        LimitError: it would be more bytes than are allowed.
    """
    size = count = 0
    for piece in _pieces(columns, rows):
        size += len(piece)
        if size > max_bytes:
            allowed = f"the {max_bytes:,} bytes that are allowed"
            raise LimitError(f"the result is larger than {allowed}: row {count:,} passed them")
        sink.write(piece)
        count += 1
    return count - 2, size  # the first and the last piece are no rows


def _pieces(columns: Sequence[Any], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    yield b'{"columns":' + _json(columns) + b',"data":['
    separator = b""
    for row in rows:
        yield separator + _json([plain_value(value) for value in row])
        separator = b","
    yield b"]}"


def _json(value: Any) -> bytes:  # noqa: ANN401 - JSON
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")  # half of a surrogate pair is escaped


def plain_value(value: Any) -> Any:  # noqa: ANN401 - whatever Spark gives
    """Return a value as JSON has it: bytes as base64, what is no number as null."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, (list, tuple, dict)):
        return _plain_nested(value)
    return plain_value(value.toPython()) if hasattr(value, "toPython") else str(value)


def _plain_nested(value: Any) -> Any:  # noqa: ANN401 - lists, maps and rows
    if hasattr(value, "__fields__"):
        pairs = zip(value.__fields__, value)  # noqa: B905 - since 3.10
        return {name: plain_value(each) for name, each in pairs}
    if isinstance(value, dict):
        return {_name(key): plain_value(each) for key, each in value.items()}
    return [plain_value(each) for each in value]


def _name(key: Any) -> str:  # noqa: ANN401 - of any type
    return key if isinstance(key, str) else _json(plain_value(key)).decode("utf-8")


def _write_parquet(frame: DataFrame, files: HadoopFiles, asked: Asked) -> dict[str, Any]:
    """Write one part with the rows in their order, or tell why there is none."""
    from pyspark.sql.utils import AnalysisException

    writer = _in_order(frame, 1).write.mode("overwrite").option("maxRecordsPerFile", 0)
    try:
        writer.parquet(asked.output + "/parquet")
    except AnalysisException as error:
        return {"parquet": [], "notes": [f"there is no Parquet of the result: {message_of(error)}"]}
    parts = files.parts(asked.output + "/parquet")
    if len(parts) != 1:
        raise RuntimeError(f"the Parquet has {len(parts)} parts, not one")
    ((name, size),) = parts
    if size > asked.max_bytes:
        allowed = f"the {asked.max_bytes:,} that are allowed"
        raise LimitError(f"the result has {size:,} bytes as Parquet, more than {allowed}")
    return {"parquet": ["parquet/" + name], "notes": []}


class HadoopFiles:
    """Reads and writes whatever Spark can: s3://, s3a://, hdfs:// or file:/."""

    def __init__(self, spark: SparkSession) -> None:
        self._jvm: Any = spark._jvm  # noqa: SLF001 - PySpark has no other way
        self._settings: Any = spark._jsc.hadoopConfiguration()  # type: ignore[attr-defined, unused-ignore]  # noqa: SLF001

    def read(self, uri: str) -> str:
        """Return a file's text."""
        with tempfile.TemporaryDirectory() as directory:
            copy = Path(directory) / "copy"
            system, path = self._find(uri)
            system.copyToLocalFile(False, path, self._find(f"file://{copy}")[1], True)
            return copy.read_text(encoding="utf-8")

    def write(self, uri: str, text: str) -> None:
        """Write a file, in place of what is there."""
        with tempfile.TemporaryDirectory() as directory:
            draft = Path(directory) / "draft"
            draft.write_text(text, encoding="utf-8")
            self.put(draft, uri)

    def put(self, draft: Path, uri: str) -> None:
        """Copy a local file, in place of what is there."""
        system, path = self._find(uri)
        system.copyFromLocalFile(False, True, self._find(f"file://{draft}")[1], path)

    def parts(self, uri: str) -> list[tuple[str, int]]:
        """Return names and sizes of the parts that Spark wrote."""
        system, path = self._find(uri)
        found = [(each.getPath().getName(), each.getLen()) for each in system.listStatus(path)]
        return [(name, size) for name, size in found if name.startswith("part-")]

    def _find(self, uri: str) -> tuple[Any, Any]:
        path = self._jvm.org.apache.hadoop.fs.Path(uri)
        return path.getFileSystem(self._settings), path


def message_of(error: BaseException) -> str:
    """Return what an error says, for people."""
    text, most = str(error).strip() or type(error).__name__, MAX_MESSAGE_CHARACTERS
    return text if len(text) <= most else f"{text[:most]}\n(cut after {most:,} characters)"


def failure_of(error: BaseException) -> str:
    """Tell whose error it was: the user's if Spark or Python says so, else the engine's."""
    states = list(_sql_states(error))
    is_users = any(state.startswith(USER_STATES) for state in states)
    if not states:
        is_users = any(USER_ERRORS.fullmatch(kind.__name__) for kind in type(error).__mro__)
    return "user_error" if is_users else "engine_fault"


def _sql_states(error: BaseException) -> Iterator[str]:
    """Give the SQLSTATEs of an error and of its causes inside the JVM, as far as there are any."""
    cause: Any = getattr(error, "_origin", None) or getattr(error, "java_exception", None)
    for _ in range(20):  # a circle of causes ends too
        if cause is None:
            return
        try:
            state = cause.getSqlState()
        except Exception:  # noqa: BLE001 - Py4J's, for all that is not Spark's own
            state = None
        if state:
            yield str(state)
        cause = cause.getCause()


def parse(argv: Sequence[str] | None) -> Asked:
    """Read the arguments; None means those of the process."""
    parser = argparse.ArgumentParser(description="Run one SparkSQL statement.")
    parser.add_argument("--query", required=True, help="URI of the statement's text")
    parser.add_argument("--output", required=True, help="URI below which the result is left")
    parser.add_argument("--max-rows", type=int, required=True)
    parser.add_argument("--max-bytes", type=int, required=True)
    parser.add_argument("--return-result", action="store_true")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())

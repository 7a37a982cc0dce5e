"""Reads a job's result in each form, and brings all of them to the one of JSON."""

import csv
import datetime as dt
import io
import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import requests

from tests.functional.world import World

JSON, CSV = "application/json", "text/csv"
PARQUET, ARROW = "application/vnd.apache.parquet", "application/vnd.apache.arrow.stream"
FORMS = (JSON, CSV, PARQUET, ARROW)


def read(world: World, job_id: str, media_type: str) -> bytes:
    """Read a result, from the answer or from where it sends its reader."""
    answer = world.get(f"/api/v1/job/{job_id}/result", headers={"accept": media_type})
    if answer.status == 307:
        found = requests.get(answer.headers["Location"], timeout=30)
        assert found.status_code == 200, found.text
        return found.content
    assert answer.status == 200, answer.text
    return answer.content


def read_table(world: World, job_id: str, media_type: str) -> pa.Table:
    """Read a result as Parquet or Arrow."""
    content = read(world, job_id, media_type)
    if media_type == PARQUET:
        return pq.ParquetFile(io.BytesIO(content)).read()  # also of columns with the same name
    return pa.ipc.open_stream(content).read_all()


def read_json(world: World, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(read(world, job_id, JSON))
    return found


def read_csv(world: World, job_id: str) -> list[list[str]]:
    text = read(world, job_id, CSV).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def rows_of(table: pa.Table) -> list[list[Any]]:
    """Return a table's rows as JSON would have them."""
    columns = [
        [None if value is None else _told(value, column.type) for value in column.to_pylist()]
        for column in table.columns
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def rows_of_csv(lines: list[list[str]], like: list[list[Any]]) -> list[list[Any]]:
    """Return the rows of a CSV; whether a text or JSON stands in a place is as in `like`."""
    return [
        [
            None if value is None and cell == "" else cell if isinstance(value, str)
            else json.loads(cell)
            for cell, value in zip(line, row, strict=True)
        ]
        for line, row in zip(lines, like, strict=True)
    ]  # fmt: skip


def _told(value: Any, kind: pa.DataType) -> Any:  # noqa: PLR0911 - one line for each type
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if abs(value) < float("inf") else _beyond(value)
        case Decimal():
            return f"{value:f}"
        case bytes():
            return value.hex()
        case dt.date() | dt.time():
            return _moment(value)
        case pa.MonthDayNano():
            return _duration(value)
        case _:
            return _nested(value, kind)


def _moment(value: dt.date | dt.time) -> str:
    if isinstance(value, dt.datetime):
        zone = "Z" if value.tzinfo else ""
        return value.replace(tzinfo=None).isoformat(timespec="microseconds") + zone
    return value.isoformat("microseconds") if isinstance(value, dt.time) else value.isoformat()


def _nested(value: Any, kind: pa.DataType) -> Any:
    if pa.types.is_map(kind):
        pairs = [[_told(key, kind.key_type), _told(item, kind.item_type)] for key, item in value]
        return dict(pairs) if pa.types.is_string(kind.key_type) else pairs
    if pa.types.is_list(kind):
        return [_told(each, kind.value_type) for each in value]
    return {name: _told(each, kind.field(name).type) for name, each in value.items()}


def _beyond(value: float) -> str:
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"  # noqa: PLR0124


def _duration(value: Any) -> str:
    """Write an interval without negative parts."""
    years, months = divmod(value.months, 12)
    seconds, nanoseconds = divmod(value.nanoseconds, 10**9)
    hours, minutes, seconds = seconds // 3_600, seconds // 60 % 60, seconds % 60
    whole = f"{seconds}.{nanoseconds:09}".rstrip("0").rstrip(".")
    date = [(years, "Y"), (months, "M"), (value.days, "D")]
    time = [(hours, "H"), (minutes, "M"), (whole if whole != "0" else 0, "S")]
    texts = ["".join(f"{n}{unit}" for n, unit in parts if n) for parts in (date, time)]
    return f"P{texts[0]}" + (f"T{texts[1]}" if texts[1] else "")

"""Results as CSV (RFC 4180), written from their JSON without keeping either in memory."""

import json
from collections.abc import Iterable
from typing import Any, BinaryIO

from heimdall.domain.result_reader import CHUNK_BYTES, Readable, read_chunks

_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def write_csv(result: Readable, csv: BinaryIO, *, chunk_bytes: int = CHUNK_BYTES) -> None:
    """Write a result as CSV in UTF-8: a header, then its rows.

    A text is always quoted and a null never, so that an empty text can be told from none; but in
    a result of one column a null is an empty text, since readers pass over empty lines. Lists and
    objects are written as JSON.

    Args:
        result: JSON as `heimdall.domain.result.Result` writes it: the columns, then the rows.
        csv: takes the text.
        chunk_bytes: how much is read at a time; a row may be larger.

    Raises:
        ValueError: it is no result.
    """
    columns, chunks = read_chunks(result, chunk_bytes)
    csv.write(header_line([column.name for column in columns]))
    csv.writelines(_lines(rows) for rows in chunks)


def header_line(names: list[str]) -> bytes:
    """Return the first line: the names of the columns."""
    return _lines([names])


def _lines(rows: Iterable[list[Any]]) -> bytes:
    # Half of a surrogate pair, which JSON can name and UTF-8 cannot write, becomes a question mark.
    return "".join(map(_line, rows)).encode(errors="replace")


def _line(row: list[Any]) -> str:
    text = ",".join(map(_field, row))
    return f"{text}\r\n" if text or not row else '""\r\n'


def _field(value: Any) -> str:  # noqa: ANN401 - JSON
    kind = type(value)
    if kind is str:
        return f'"{value.replace(chr(34), chr(34) * 2)}"'
    if kind is int or kind is float:
        return repr(value)
    if value is None:
        return ""
    text = _ENCODE(value)
    return text if kind is bool else _field(text)

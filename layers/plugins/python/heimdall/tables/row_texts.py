"""Rows of a batch as JSON and as CSV, written by column and joined."""

import json

import pyarrow as pa
import pyarrow.compute as pc

from heimdall.tables.texts import Shape, texts_of

_ENCODE = json.JSONEncoder(ensure_ascii=False).encode
_NEEDS_ESCAPE = r'[\x00-\x1f"\\]'


def json_rows(batch: pa.RecordBatch) -> bytes:
    """Return the rows of a batch of canonical types: `[1,"a"],[2,null]`, in UTF-8."""
    if not batch.num_columns:
        return b",".join([b"[]"] * batch.num_rows)
    columns = [_json(*texts_of(column)) for column in batch.columns]
    text = _joined(columns, "[", "]", ",")
    return text.encode()


def csv_lines(batch: pa.RecordBatch) -> bytes:
    """Return the lines of a batch, as `heimdall.domain.result_csv` writes those of JSON."""
    if not batch.num_columns:
        count: int = batch.num_rows
        return b"\r\n" * count
    columns = [_csv(*texts_of(column)) for column in batch.columns]
    if len(columns) == 1:
        columns = [pc.if_else(pc.equal(columns[0], ""), '""', columns[0])]
    lines = _joined(columns, "", "\r\n", "")
    return lines.encode()


def _joined(columns: list[pa.Array], before: str, after: str, between: str) -> str:
    """Join the columns of each row by commas, and then all rows."""
    if not len(columns[0]):
        return ""
    rows = pc.binary_join_element_wise(*columns, ",") if len(columns) > 1 else columns[0]
    framed = pc.binary_join_element_wise(before, rows, after, "")
    whole = pa.ListArray.from_arrays(pa.array([0, len(framed)], pa.int32()), framed)
    text: str = pc.binary_join(whole, between)[0].as_py()
    return text


def _json(shape: Shape, texts: pa.Array) -> pa.Array:
    if shape is Shape.TEXT:
        texts = _json_quoted(texts)
    return pc.fill_null(texts, "null")


def _json_quoted(texts: pa.Array) -> pa.Array:
    quoted = pc.binary_join_element_wise('"', texts, '"', "")
    odd = pc.fill_null(pc.match_substring_regex(texts, _NEEDS_ESCAPE), False)
    if not pc.any(odd, min_count=0).as_py():
        return quoted
    escaped = [_ENCODE(text) for text in texts.filter(odd).to_pylist()]
    return pc.replace_with_mask(quoted, odd, pa.array(escaped, pa.string()))


def _csv(shape: Shape, texts: pa.Array) -> pa.Array:
    if shape is not Shape.BARE:
        doubled = pc.replace_substring(texts, '"', '""')
        texts = pc.binary_join_element_wise('"', doubled, '"', "")
    return pc.fill_null(texts, "")

"""Results as CSV: every value is there, wherever the pieces of the JSON are cut."""

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.domain.result import Column, Result, ResultForm, forms_of
from heimdall.domain.result_csv import write_csv
from tests.strategies import repeatable

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["", "],[", '"', '""', "\r\n", "a,b", "]]}", '],["', "\\", "\x00", " "]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    texts, inner, max_size=3), max_leaves=5)  # fmt: skip


def as_csv(text, *, chunk_bytes=1 << 20):
    out = io.BytesIO()
    write_csv(io.BytesIO(text.encode()), out, chunk_bytes=chunk_bytes)
    return out.getvalue().decode()


def written(columns, rows, **more):
    return as_csv(Result([Column(name, "string") for name in columns], rows).to_json(), **more)


def test_texts_are_quoted_and_others_are_not():
    rows = [["text", 1, 1.5, True, None], ["", -1, 1e300, False, "null"]]

    assert written("abcde", rows) == (
        '"a","b","c","d","e"\r\n"text",1,1.5,true,\r\n"",-1,1e+300,false,"null"\r\n'
    )


def test_quotes_line_ends_and_commas_stay_in_their_field():
    text = written(["a", 'say "b"'], [['x "y" z', "1,2\r\n\r\n3\n"]])

    assert text == '"a","say ""b"""\r\n"x ""y"" z","1,2\r\n\r\n3\n"\r\n'


def test_nested_values_are_json():
    assert written(["a"], [[{"é": [1, None, "x"]}]]) == '"a"\r\n"{""é"":[1,null,""x""]}"\r\n'


def test_null_that_is_a_row_of_its_own_is_no_empty_line():
    assert written(["a"], [[None], ["x"]]) == '"a"\r\n""\r\n"x"\r\n'


def test_result_without_rows_is_a_header():
    assert written(["a", "b"], []) == '"a","b"\r\n'


def test_half_of_a_surrogate_pair_is_replaced():
    assert written(["a"], [["\ud800"]]) == '"a"\r\n"?"\r\n'


def test_blanks_between_tokens_and_fields_after_the_rows_change_nothing():
    text = json.dumps({"columns": [{"name": "a"}], "data": [[1], [2]], "more": 1}, indent=2)

    assert as_csv(text) == '"a"\r\n1\r\n2\r\n'


@pytest.mark.parametrize("chunk_bytes", [1, 2, 7, 100, 1 << 20])
def test_pieces_may_be_cut_anywhere(chunk_bytes):
    rows = [[number, f"é],[{number}", [[number], [{"a": "],["}]]] for number in range(50)]

    assert written("abc", rows, chunk_bytes=chunk_bytes) == written("abc", rows)


def test_row_may_be_larger_than_a_piece():
    rows = [["x" * 10_000, 1], ["y" * 10_000, 2]]

    assert written("ab", rows, chunk_bytes=10) == written("ab", rows)


@repeatable
@given(st.lists(st.lists(values, min_size=2, max_size=2), max_size=8), st.integers(1, 50))
def test_reader_of_csv_finds_every_value(rows, chunk_bytes):
    text = written("ab", rows, chunk_bytes=chunk_bytes)

    found = list(csv.reader(io.StringIO(text, newline=""), strict=True))

    assert found[0] == ["a", "b"]
    assert found[1:] == [[_plain(value) for value in row] for row in rows]


def _plain(value):
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{}", '{"data":[],"columns":[]}', '{"columns":[],"data":{}}',
     '{"columns":[],"data":[[1]', '{"columns":[],"data":[[1],', '{"columns":[],"data":[[1] [2]]}',
     '{"columns":[{"name":"a"}'],
)  # fmt: skip
def test_what_is_no_result_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        as_csv(text)


def test_little_of_a_large_result_is_in_memory():
    class Endless:
        """Ten thousand pieces, of which few may be asked for before the first is written."""

        def __init__(self):
            self.given = 0

        def read(self, size):
            self.given += 1
            if self.given == 1:
                return b'{"columns":[{"name":"a"}],"data":['
            return b"[1],[2]," if self.given < 10_000 else b"" if self.given > 10_000 else b"[3]]}"

    class Sink:
        def __init__(self):
            self.largest = 0
            self.size = 0

        def write(self, data):
            self.largest = max(self.largest, len(data))
            self.size += len(data)

        def writelines(self, lines):
            for line in lines:
                self.write(line)

    sink = Sink()
    write_csv(Endless(), sink, chunk_bytes=10)

    assert sink.size == len('"a"\r\n') + 3 * (2 * 9_998 + 1)
    assert sink.largest < 100


@pytest.mark.parametrize(
    ("stored", "size", "forms"),
    [
        ("json", 1, ("json", "csv")),
        ("json", 32 * 1024 * 1024, ("json", "csv")),
        ("json", 32 * 1024 * 1024 + 1, ("json",)),
        ("parquet", 1, ("parquet",)),
        ("parquet", 10**9, ("parquet",)),
        ("csv", 10**9, ("csv",)),
        ("json,parquet", 1, ("json", "csv", "parquet")),
        ("parquet,json", 1, ("json", "csv", "parquet")),
        ("json,csv,parquet", 1, ("json", "csv", "parquet")),
        ("json,csv", 10**9, ("json", "csv")),
        ("json,parquet", 10**9, ("json", "parquet")),
    ],
)
def test_forms_depend_on_what_is_stored(stored, size, forms):
    assert forms_of(stored, size) == tuple(ResultForm(form) for form in forms)

"""The parts of the wrapper that need no Spark; the rest is in tests/spark."""

import ast
import base64
import json
import math
import sys
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.spark import wrapper
from heimdall.spark.report import WRAPPER, arguments

COLUMNS = [{"name": "a", "type": "string"}]


class Row(tuple):
    """As PySpark's: a tuple that knows its fields."""

    __slots__ = ()
    __fields__ = ("x", "y")


class Variant:
    """As PySpark's `VariantVal`."""

    def toPython(self):  # noqa: N802 - PySpark's name
        return {"a": [1.5, math.nan]}


class SparkError(Exception):
    """As PySpark's captured errors: with the JVM's behind it."""

    def __init__(self, *states):
        super().__init__("it failed")
        self._origin = None
        for state in reversed(states):
            self._origin = Throwable(state, self._origin)


class Throwable(NamedTuple):
    """As Py4J shows one; a state of None has none to ask for."""

    state: str | None
    cause: "Throwable | None"

    def getSqlState(self):  # noqa: N802 - Java's name
        if self.state is None:
            raise AttributeError("Method getSqlState does not exist")
        return self.state

    def getCause(self):  # noqa: N802 - Java's name
        return self.cause


class AnalysisException(Exception):  # noqa: N818 - PySpark's name
    pass


def written(rows, **changes):
    sink = BytesIO()
    count, size = wrapper.write_json(sink, COLUMNS, rows, **{"max_bytes": 10_000} | changes)
    assert size == len(sink.getvalue())
    return json.loads(sink.getvalue()), count


def test_script_is_python_that_old_images_of_emr_run():
    ast.parse(WRAPPER.read_text(), feature_version=(3, 7))


def test_script_imports_nothing_but_the_library_before_spark_is_there():
    tree = ast.parse(WRAPPER.read_text())
    names = {
        alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names
    }

    assert names <= {*sys.stdlib_module_names}


def test_arguments_are_those_that_the_script_reads():
    asked = wrapper.parse(
        arguments(
            query="s3://b/q.sql", output="s3://b/out/", max_rows=7, max_bytes=8, return_result=True
        )
    )

    assert (asked.query, asked.output) == ("s3://b/q.sql", "s3://b/out")
    assert (asked.max_rows, asked.max_bytes, asked.return_result) == (7, 8, True)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        (True, True),
        (2**63 - 1, 2**63 - 1),
        (0.1, 0.1),
        (math.nan, None),
        (-math.inf, None),
        ("é", "é"),
        (bytearray(b"\xff\x00"), base64.b64encode(b"\xff\x00").decode()),
        ([1, [math.nan]], [1, [None]]),
        (Row((1, b"\x00")), {"x": 1, "y": "AA=="}),
        ({1: "a", None: "b", False: "c"}, {"1": "a", "null": "b", "false": "c"}),
        ({Row((1, 2)): [Row((3, 4))]}, {'{"x":1,"y":2}': [{"x": 3, "y": 4}]}),
        (Variant(), {"a": [1.5, None]}),
    ],
)
def test_values_are_made_json(value, plain):
    assert wrapper.plain_value(value) == plain


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda each: st.lists(each) | st.dictionaries(st.text() | st.integers(), each),
    )
)
def test_any_row_is_json_that_can_be_read_again(value):
    document, count = written([[value]], max_bytes=10**9)

    assert count == 1
    assert document["columns"] == COLUMNS
    json.dumps(document, allow_nan=False)


def test_rows_keep_their_order_and_are_counted():
    document, count = written([[number] for number in range(100)])

    assert document == {"columns": COLUMNS, "data": [[number] for number in range(100)]}
    assert count == 100


def test_no_rows_are_a_result_too():
    assert written([]) == ({"columns": COLUMNS, "data": []}, 0)


def test_half_a_surrogate_pair_is_kept_as_json_can_name_it():
    assert written([["\ud800"]])[0]["data"] == [["\ud800"]]


def test_result_of_exactly_the_bytes_that_are_allowed_is_written():
    size = len(b'{"columns":[{"name":"a","type":"string"}],"data":[["x"]]}')

    assert written([["x"]], max_bytes=size)[1] == 1
    with pytest.raises(wrapper.LimitError, match=rf"larger than the {size - 1} bytes"):
        written([["x"]], max_bytes=size - 1)


def test_result_that_is_too_large_is_not_read_to_its_end():
    def endless():
        while True:
            yield ["x" * 1_000]

    with pytest.raises(wrapper.LimitError, match="row 10 passed them"):
        written(endless())


@pytest.mark.parametrize(
    ("kind", "plain"),
    [
        ("long", "long"),
        ("binary", "binary"),
        ("decimal(10,2)", "string"),
        ("timestamp_ntz", "string"),
        ("interval day to second", "string"),
        ("a type of tomorrow", "string"),
        ({"type": "udt", "class": "x", "sqlType": "long"}, "string"),
        (
            {"type": "array", "elementType": "date", "containsNull": True},
            {"type": "array", "elementType": "string", "containsNull": True},
        ),
        (
            {"type": "map", "keyType": "date", "valueType": "long", "valueContainsNull": True},
            {"type": "map", "keyType": "string", "valueType": "long", "valueContainsNull": True},
        ),
        (
            {"type": "struct", "fields": [{"name": "a", "type": "date", "nullable": True}]},
            {"type": "struct", "fields": [{"name": "a", "type": "string", "nullable": True}]},
        ),
    ],
)
def test_types_without_a_value_in_python_are_made_text(kind, plain):
    assert wrapper.plain_type(kind) == plain


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (SparkError("42703"), "user_error"),
        (SparkError(None, "22012"), "user_error"),
        (SparkError("P0001"), "user_error"),
        (SparkError("XX000", "22012"), "user_error"),
        (SparkError("58030"), "engine_fault"),
        (SparkError(None, None), "engine_fault"),
        (SparkError(), "engine_fault"),
        (AnalysisException("no such table"), "user_error"),
        (wrapper.LimitError("too many"), "user_error"),
        (OSError("disk full"), "engine_fault"),
    ],
)
def test_users_errors_are_told_from_the_engines(error, failure):
    assert wrapper.failure_of(error) == failure


def test_circle_of_causes_ends():
    class Circle:
        def getSqlState(self):  # noqa: N802 - Java's name
            return None

        def getCause(self):  # noqa: N802 - Java's name
            return self

    error = SparkError()
    error._origin = Circle()

    assert wrapper.failure_of(error) == "engine_fault"


def test_message_is_cut_and_says_so():
    long = wrapper.message_of(ValueError("x" * 100_000))

    assert len(long) < wrapper.MAX_MESSAGE_CHARACTERS + 100
    assert long.endswith("(cut after 20,000 characters)")
    assert wrapper.message_of(ValueError("short")) == "short"
    assert wrapper.message_of(ValueError()) == "ValueError"


def test_script_is_where_the_plugins_take_it_from():
    assert Path(wrapper.__file__).read_bytes() == WRAPPER.read_bytes()

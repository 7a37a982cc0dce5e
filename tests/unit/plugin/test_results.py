"""Results handed over: small ones as they are, larger ones as files."""

import json

import pytest

from heimdall.domain.errors import PluginError
from heimdall.domain.result import INLINE_BYTES, Column, ResultForm
from heimdall.domain.result_json import ResultLimits
from heimdall.plugin.results import IN_MEMORY_BYTES, hand_over
from tests.fakes.engines.bench import Output

COLUMNS = [Column("n", "int"), Column("text", "string")]
WIDE = ResultLimits(max_rows=1_000_000, max_bytes=1_000_000_000)


def test_small_result_is_given_as_it_is():
    output = Output()

    result = hand_over(COLUMNS, iter([[1, "a"], [2, None]]), output, limits=WIDE)

    assert result is not None
    assert (result.columns, result.rows) == (COLUMNS, [[1, "a"], [2, None]])
    assert output.results == {}


@pytest.mark.parametrize("size", [INLINE_BYTES, IN_MEMORY_BYTES])
def test_larger_result_goes_to_the_output(size):
    output = Output()
    rows = [[number, "x" * 1_000] for number in range(size // 1_000 + 1)]

    assert hand_over(COLUMNS, iter(rows), output, limits=WIDE) is None
    assert json.loads(output.results[ResultForm.JSON]) == {
        "columns": [{"name": "n", "type": "int"}, {"name": "text", "type": "string"}],
        "data": rows,
    }


def test_result_beyond_its_limits_is_not_handed_over():
    output = Output()
    limits = ResultLimits(max_rows=10, max_bytes=1_000_000)

    with pytest.raises(PluginError, match="10 rows"):
        hand_over(COLUMNS, ([number, "x" * 9_999] for number in range(11)), output, limits=limits)

    assert output.results == {}


@pytest.mark.parametrize("rows", [1, IN_MEMORY_BYTES // 10])
def test_secrets_are_in_no_result(rows):
    output = Output()
    output.redactor.add("hunter2")
    columns = [Column("hunter2", "string")]

    result = hand_over(columns, (["it is hunter2"] for _ in range(rows)), output, limits=WIDE)

    text = result.to_json() if result is not None else output.results[ResultForm.JSON].decode()
    told = json.loads(text)
    assert "hunter2" not in text
    assert told["columns"] == [{"name": "[secret]", "type": "string"}]
    assert told["data"] == [["it is [secret]"]] * rows

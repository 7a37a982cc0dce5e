"""Results and streams as values."""

import json

import pytest

from heimdall.domain.result import Column, Result
from heimdall.domain.stream import MAX_BYTES, PART_BYTES, part_of

S3_LEAST_PART_BYTES = 5 * 1024 * 1024
S3_MOST_PARTS = 10_000


def test_result_is_heimdalls_json():
    result = Result([Column("name", "string"), Column("n", "int")], [["é", 1], [None, 2]])

    assert json.loads(result.to_json()) == {
        "columns": [{"name": "name", "type": "string"}, {"name": "n", "type": "int"}],
        "data": [["é", 1], [None, 2]],
    }


def test_result_without_rows_keeps_its_columns():
    assert (
        Result([Column("n", "int")], []).to_json()
        == '{"columns":[{"name":"n","type":"int"}],"data":[]}'
    )


@pytest.mark.parametrize(
    ("offset", "part"),
    [(0, 0), (PART_BYTES - 1, 0), (PART_BYTES, 1), (3 * PART_BYTES + 1, 3)],
)
def test_part_of_an_offset(offset, part):
    assert part_of(offset) == part


def test_parts_can_be_joined_by_s3():
    assert PART_BYTES >= S3_LEAST_PART_BYTES
    assert MAX_BYTES // PART_BYTES + 1 <= S3_MOST_PARTS

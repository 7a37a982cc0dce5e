"""Sizes and charges worked out by hand from DynamoDB's rules."""

import pytest

from benchmarks.capacity import Index, item_bytes, read_units, write_units

BY_TIME = Index("by_time", keys=("shard", "id"), projected=("name",))
UNFINISHED = Index("unfinished", keys=("unfinished", "id"), projected=())
EVERYTHING = Index("everything", keys=("id",), projected=None)


def job(**more):
    item = {"pk": {"S": "JOB#1"}, "sk": {"S": "JOB"}, "id": {"S": "1"}, "shard": {"N": "3"}}
    return item | {name: {"S": value} for name, value in more.items()}


@pytest.mark.parametrize(
    ("attribute", "size"),
    [
        ({"S": "four"}, 4),
        ({"S": "é€"}, 5),
        ({"S": ""}, 0),
        ({"N": "0"}, 1),
        ({"N": "5"}, 2),
        ({"N": "123"}, 3),
        ({"N": "1800000000000"}, 2),
        ({"N": "-12.5"}, 4),
        ({"N": "0.001"}, 2),
        ({"B": b"\x00\x01\x02"}, 3),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}, {"S": "c"}]}, 3 + (1 + 2) + (1 + 1)),
        ({"M": {"key": {"S": "value"}}}, 3 + 1 + 3 + 5),
        ({"SS": ["ab", "c"]}, 3),
    ],
)
def test_value_has_the_size_of_the_rules(attribute, size):
    assert item_bytes({"n": attribute}) == 1 + size


def test_item_is_the_sum_of_names_and_values():
    # pk 2+5, sk 2+3, id 2+1, shard 5+2
    assert item_bytes(job()) == 22


@pytest.mark.parametrize(("length", "units"), [(1_001, 1), (1_002, 2)])
def test_write_is_charged_by_the_started_kilobyte(length, units):
    # 22 bytes beside the attribute x: 22 + 1 + 1,001 = 1,024
    assert write_units(None, job(x="." * length), []) == {"table": units}


def test_smaller_item_is_charged_as_what_it_replaces():
    assert write_units(job(x="." * 3_000), job(), []) == {"table": 3}


def test_new_item_is_written_to_each_index_that_has_its_keys():
    written = write_units(None, job(), [BY_TIME, UNFINISHED])

    assert written == {"table": 1, "by_time": 1}


def test_index_that_a_change_does_not_touch_costs_nothing():
    before, after = job(name="a", status="RUNNING"), job(name="a", status="SUCCEEDED")

    assert write_units(before, after, [BY_TIME]) == {"table": 1}


def test_change_of_a_projected_attribute_is_one_write():
    assert write_units(job(name="a"), job(name="b"), [BY_TIME])["by_time"] == 1


def test_leaving_a_sparse_index_is_one_write():
    before = job() | {"unfinished": {"N": "3"}}

    assert write_units(before, job(), [UNFINISHED]) == {"table": 1, "unfinished": 1}


def test_change_of_a_key_moves_the_entry_in_two_writes():
    moved = job() | {"shard": {"N": "2"}}

    assert write_units(job(), moved, [BY_TIME])["by_time"] == 2


def test_index_of_everything_is_charged_by_the_whole_item():
    assert write_units(None, job(x="." * 3_000), [EVERYTHING])["everything"] == 3


@pytest.mark.parametrize(
    ("lengths", "strongly", "one_by_one", "units"),
    [
        ([10], True, True, 1),
        ([10], False, True, 0.5),
        ([4_073], True, True, 1),
        ([4_074], True, True, 2),
        ([1_000, 1_000], False, True, 1),
        ([1_000, 1_000], False, False, 0.5),
        ([], False, False, 0.5),
        ([], True, True, 1),
    ],
)
def test_read_is_charged_by_four_kilobytes(lengths, strongly, one_by_one, units):
    # 22 + 1 + 4,073 = 4,096
    items = [job(x="." * length) for length in lengths]

    assert read_units(items, strongly=strongly, one_by_one=one_by_one) == units

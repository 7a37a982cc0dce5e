"""Entries found by tag, against going through them one by one."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.domain.command import CatalogStatus
from heimdall.domain.tags import (
    Members,
    SubsetIndex,
    TagIndex,
    WeightedCarriers,
    bits,
    members,
    nth_member,
)
from tests.factories import make_cluster
from tests.strategies import TAGS, catalogs, criteria, repeatable

sets = st.sets(st.integers(min_value=0, max_value=300), max_size=40)
tag_sets = st.frozensets(st.sampled_from(TAGS))


def bits_of(positions):
    return sum(1 << position for position in positions)


def ids_of(index, found):
    return {index.entries[position].id for position in members(found)}


@repeatable
@given(sets)
def test_bits_are_the_set_of_the_positions(positions):
    assert bits(positions, 301) == bits_of(positions)


@repeatable
@given(sets)
def test_members_are_the_positions_lowest_first(positions):
    assert list(members(bits_of(positions))) == sorted(positions)


@repeatable
@given(sets.filter(bool))
def test_nth_member_counts_from_the_lowest(positions):
    found = bits_of(positions)

    assert [nth_member(found, n) for n in range(len(positions))] == sorted(positions)


@pytest.mark.parametrize("width", [1, 63, 64, 65, 1_000, 1_023, 1_024, 1_025])
def test_nth_member_finds_the_last_of_a_full_set(width):
    assert nth_member((1 << width) - 1, width - 1) == width - 1


@repeatable
@given(sets)
def test_members_are_a_sequence_without_being_listed(positions):
    found = Members(bits_of(positions))
    listed = sorted(positions)

    assert len(found) == len(listed)
    assert list(found) == [found[n] for n in range(len(found))] == found[:] == listed
    assert found[1:3] == listed[1:3]
    assert found[::-2] == listed[::-2]


@pytest.mark.parametrize("n", [-1, 3, 100])
def test_member_beyond_the_last_is_none(n):
    with pytest.raises(IndexError):
        Members(0b10101)[n]


@repeatable
@given(catalogs(), criteria)
def test_having_finds_the_active_entries_with_all_tags(catalog, tags):
    commands, _ = catalog
    index = TagIndex(commands)

    assert ids_of(index, index.having(tags)) == {
        command.id
        for command in commands
        if command.is_active and set(tags) <= set(command.all_tags)
    }


@repeatable
@given(catalogs(), criteria, st.integers(min_value=0, max_value=255))
def test_having_looks_only_among_the_given_ones(catalog, tags, among):
    index = TagIndex(catalog[0])

    assert index.having(tags, among=among & index.all) == index.having(tags) & among


@repeatable
@given(catalogs(), criteria)
def test_rarest_holds_every_entry_that_has_all_tags(catalog, tags):
    index = TagIndex(catalog[0])
    rarest = index.rarest(tags)

    assert set(members(index.having(tags))) <= set(rarest)
    assert all(len(rarest) <= index.having([tag]).bit_count() for tag in tags)


def test_having_no_tag_is_everything_active():
    index = TagIndex([make_cluster(id="a"), make_cluster(id="b", status=CatalogStatus.INACTIVE)])

    assert ids_of(index, index.having([])) == {"a"}


@pytest.mark.parametrize("tag", ["_id:c-1", "_name:Warehouse", "_version:7"])
def test_system_tags_find_an_entry(tag):
    index = TagIndex([make_cluster(), make_cluster(id="c-1", name="Warehouse", version="7")])

    assert ids_of(index, index.having([tag])) == {"c-1"}


@repeatable
@given(st.lists(tag_sets, max_size=8), tag_sets)
def test_subsets_are_found_once_each(wanted, tags):
    found = list(SubsetIndex(wanted).within(tags))

    assert sorted(found) == [number for number, one in enumerate(wanted) if one <= tags]


def test_carriers_are_drawn_by_their_weight():
    carriers = WeightedCarriers({"a": [0, 2, 3], "b": [1]}, [1, 5, 0, 3])
    random = Random(1)

    drawn = Counter(carriers.draw("a", random) for _ in range(4_000))

    assert set(drawn) == {0, 3}
    assert 850 < drawn[0] < 1_150
    assert {carriers.draw("b", random) for _ in range(10)} == {1}


@pytest.mark.parametrize(("tag", "weight"), [("a", 4), ("b", 5), ("c", 0), ("unknown", 0)])
def test_weight_of_a_tag_is_that_of_its_carriers(tag, weight):
    carriers = WeightedCarriers({"a": [0, 2, 3], "b": [1], "c": [2]}, [1, 5, 0, 3])

    assert carriers.weight(tag) == weight

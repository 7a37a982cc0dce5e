"""The compiled catalog, against going through its entries one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.domain.catalog import CatalogSnapshot
from heimdall.domain.command import CatalogStatus
from heimdall.domain.tags import TagIndex, members, nth_member
from tests.factories import make_cluster, make_command
from tests.strategies import catalogs, criteria, repeatable

sets = st.sets(st.integers(min_value=0, max_value=300), max_size=40)


def bits_of(positions):
    return sum(1 << position for position in positions)


def snapshot_of(commands, clusters, revision=1):
    return CatalogSnapshot(
        revision,
        {command.id: command for command in commands},
        {cluster.id: cluster for cluster in clusters},
    )


def ids_of(index, found):
    return {index.entries[position].id for position in members(found)}


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
    assert list(index.rarest([])) == [0]


@pytest.mark.parametrize("tag", ["_id:c-1", "_name:Warehouse", "_version:7"])
def test_system_tags_find_an_entry(tag):
    index = TagIndex([make_cluster(), make_cluster(id="c-1", name="Warehouse", version="7")])

    assert ids_of(index, index.having([tag])) == {"c-1"}


@repeatable
@given(catalogs())
def test_groups_split_the_active_commands_by_their_cluster_tags(catalog):
    snapshot = snapshot_of(*catalog)
    index = snapshot.command_index

    assert sum(snapshot.command_groups) == index.all
    for position, command in enumerate(index.entries):
        group = snapshot.group_of[position]
        assert snapshot.command_groups[group] >> position & 1
        assert snapshot.cluster_groups[group] == snapshot.cluster_index.having(command.cluster_tags)


@repeatable
@given(catalogs())
def test_groups_are_as_few_as_there_are_sets_of_cluster_tags(catalog):
    snapshot = snapshot_of(*catalog)

    distinct = {frozenset(command.cluster_tags) for command in snapshot.command_index.entries}
    assert len(snapshot.command_groups) == len(snapshot.cluster_groups) == len(distinct)


@repeatable
@given(catalogs())
def test_groups_fitting_a_cluster_are_those_whose_tags_it_has(catalog):
    snapshot = snapshot_of(*catalog)

    for position in range(len(snapshot.cluster_index.entries)):
        fitting = list(snapshot.groups_fitting(position))

        assert len(fitting) == len(set(fitting))
        assert set(fitting) == {
            group
            for group, clusters in enumerate(snapshot.cluster_groups)
            if clusters >> position & 1
        }


def test_cluster_tags_in_another_order_are_the_same_group():
    snapshot = snapshot_of(
        [
            make_command(id="one", cluster_tags=("a", "b")),
            make_command(id="other", cluster_tags=("b", "a")),
        ],
        [],
    )

    assert snapshot.command_groups == [0b11]


def test_changed_replaces_and_adds_and_leaves_the_old_snapshot_alone():
    old = snapshot_of([make_command(id="kept"), make_command(id="changed")], [make_cluster()])

    new = old.changed(
        9,
        [
            make_command(id="changed", tags=("type:new",)),
            make_command(id="added"),
            make_cluster(status=CatalogStatus.INACTIVE),
        ],
    )

    assert (new.revision, old.revision) == (9, 1)
    assert set(new.commands) == {"kept", "changed", "added"}
    assert new.commands["changed"].tags == ("type:new",)
    assert new.cluster_index.entries == ()
    assert old.commands["changed"].tags == ("type:noop",)
    assert len(old.cluster_index.entries) == 1


def test_changed_takes_the_last_of_several_versions():
    old = snapshot_of([], [])

    new = old.changed(3, [make_cluster(name="first"), make_cluster(name="second")])

    assert new.clusters["localhost"].name == "second"


def test_empty_catalog_has_nothing():
    snapshot = snapshot_of([], [], revision=0)

    assert snapshot.command_index.having(["a"]) == 0
    assert not snapshot.command_index.rarest(["a"])
    assert snapshot.command_groups == []

"""The compiled catalog, against going through its entries one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.domain import catalog as catalog_module
from heimdall.domain.catalog import CatalogSnapshot
from heimdall.domain.command import CatalogStatus
from heimdall.domain.tags import members
from tests.factories import make_cluster, make_command
from tests.strategies import TAGS, catalogs, repeatable


def snapshot_of(commands, clusters, revision=1):
    return CatalogSnapshot(
        revision,
        {command.id: command for command in commands},
        {cluster.id: cluster for cluster in clusters},
    )


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
def test_groups_within_the_tags_of_a_cluster_are_those_that_it_fits(catalog):
    snapshot = snapshot_of(*catalog)

    for position, tags in enumerate(snapshot.cluster_index.tags):
        assert sorted(snapshot.groups_within(tags)) == [
            group
            for group, clusters in enumerate(snapshot.cluster_groups)
            if clusters >> position & 1
        ]


@repeatable
@given(catalogs(), st.sampled_from(TAGS))
def test_carriers_of_a_tag_weigh_as_much_as_they_have_pairs(catalog, tag):
    snapshot = snapshot_of(*catalog)
    pairs = [
        (command, cluster)
        for command in snapshot.command_index.entries
        for cluster in snapshot.cluster_index.entries
        if set(command.cluster_tags) <= set(cluster.all_tags)
    ]

    assert snapshot.commands_by_pairs.weight(tag) == sum(tag in one.tags for one, _ in pairs)
    assert snapshot.clusters_by_pairs.weight(tag) == sum(tag in one.tags for _, one in pairs)


@pytest.mark.parametrize("room", [0, 3, 1_000])
@repeatable
@given(catalogs())
def test_clusters_of_groups_can_be_drawn_from_whatever_room_there_is_to_list_them(room, catalog):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog_module, "MAX_LISTED", room)
        snapshot = snapshot_of(*catalog)

    found = [list(members(clusters)) for clusters in snapshot.cluster_groups]

    assert [list(clusters) for clusters in snapshot.clusters_of] == found
    assert sum(len(one) for one in snapshot.clusters_of if isinstance(one, list)) <= room


@repeatable
@given(catalogs())
def test_groups_are_as_few_as_there_are_sets_of_cluster_tags(catalog):
    snapshot = snapshot_of(*catalog)

    distinct = {frozenset(command.cluster_tags) for command in snapshot.command_index.entries}
    assert len(snapshot.command_groups) == len(snapshot.cluster_groups) == len(distinct)


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
    assert snapshot.command_groups == []

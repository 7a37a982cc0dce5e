"""Commands and clusters as values."""

import json

import pytest
from hypothesis import given

from heimdall.domain.cluster import Cluster
from heimdall.domain.command import CatalogStatus, Command, system_tags
from tests.factories import make_cluster, make_command
from tests.strategies import catalogs, repeatable


@repeatable
@given(catalogs())
def test_entry_comes_back_from_json(catalog):
    commands, clusters = catalog

    for entry in (*commands, *clusters):
        assert type(entry).from_dict(json.loads(json.dumps(entry.to_dict()))) == entry


def test_every_field_comes_back_from_json():
    command = Command(
        id="c",
        name="🚀",
        version="1",
        description="what it is\nfor",
        tags=("a",),
        status=CatalogStatus.DELETED,
        context={"deep": [{"er": None}]},
        user="ada",
        created_at_ms=1,
        updated_at_ms=2,
        revision=3,
        plugin="noop",
        is_sync=True,
        cluster_tags=("b", "c"),
    )

    assert Command.from_dict(json.loads(json.dumps(command.to_dict()))) == command


@pytest.mark.parametrize("status", CatalogStatus)
def test_only_active_entries_may_be_chosen(status):
    assert make_cluster(status=status).is_active is (status == "ACTIVE")


def test_all_tags_are_the_writers_and_the_systems():
    cluster = Cluster(id="c-1", name="Warehouse", tags=("a", "b"))

    assert cluster.all_tags == ("a", "b", "_id:c-1", "_name:Warehouse", "_version:")


def test_system_tags_name_the_object():
    assert system_tags(id="1", name="n", version="2") == ("_id:1", "_name:n", "_version:2")


def test_status_that_is_unknown_is_no_status():
    with pytest.raises(ValueError, match="PAUSED"):
        Command.from_dict(make_command().to_dict() | {"status": "PAUSED"})

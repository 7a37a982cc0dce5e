"""What is probed, and for how long a result is good."""

import json

import pytest

from heimdall.domain.catalog import CatalogSnapshot
from heimdall.domain.command import CatalogStatus
from heimdall.domain.health import (
    FRESH_MS,
    CheckStatus,
    HealthCheck,
    Probe,
    plugins_of,
    wants_probes,
)
from tests.factories import NOW_MS, make_cluster, make_command


def snapshot_of(*commands):
    return CatalogSnapshot(1, {command.id: command for command in commands}, {})


def command(plugin, *tags, **changes):
    id_ = f"{plugin} {tags} {changes}"
    return make_command(id=id_, name=id_, plugin=plugin, cluster_tags=tags, **changes)


def test_plugins_are_those_of_the_active_commands_that_fit():
    snapshot = snapshot_of(
        command("trino", "type:sql", "data:prod"),
        command("trino", "type:sql"),
        command("noop"),
        command("glue", "type:spark"),
        command("shell", "type:sql", status=CatalogStatus.INACTIVE),
        command("ping", "_id:c"),
    )

    assert plugins_of(make_cluster(id="c", tags=("type:sql",)), snapshot) == [
        "noop",
        "ping",
        "trino",
    ]
    assert plugins_of(make_cluster(id="d", tags=("type:spark",)), snapshot) == ["glue", "noop"]


def test_no_plugin_when_no_command_fits():
    assert plugins_of(make_cluster(tags=()), snapshot_of(command("trino", "type:sql"))) == []


@pytest.mark.parametrize(
    ("health_check", "status", "wants"),
    [(True, "ACTIVE", True), (False, "ACTIVE", False), (True, "INACTIVE", False)],
)
def test_active_clusters_are_probed_that_ask_for_it(health_check, status, wants):
    cluster = make_cluster(health_check=health_check, status=CatalogStatus(status))

    assert wants_probes(cluster) is wants


def check(**changes):
    probe = Probe(make_cluster(revision=3), "noop")
    return HealthCheck.of(probe, CheckStatus.OK, **{"checked_at_ms": NOW_MS, **changes}), probe


@pytest.mark.parametrize(("age_ms", "fresh"), [(0, True), (FRESH_MS - 1, True), (FRESH_MS, False)])
def test_result_is_good_for_some_seconds(age_ms, fresh):
    found, probe = check()

    assert found.is_fresh(probe, NOW_MS + age_ms) is fresh


def test_result_of_an_older_version_of_the_cluster_is_not_good():
    found, _ = check()

    assert not found.is_fresh(Probe(make_cluster(revision=4), "noop"), NOW_MS)


def test_check_is_the_same_after_it_was_json():
    found, _ = check(latency_ms=7, error="why")

    assert HealthCheck.from_dict(json.loads(json.dumps(found.to_dict()))) == found

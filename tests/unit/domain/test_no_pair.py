"""What a caller is told when no pair fits: the step that failed, and what came close."""

from random import Random

import pytest
from hypothesis import assume, given

from heimdall.domain.access import Caller
from heimdall.domain.command import CatalogStatus
from heimdall.domain.errors import CallerNotAllowedError, NoPairMatchesError
from heimdall.domain.routing import RandomRouting, Wish, choose_pair
from tests.factories import PROXY, make_cluster, make_command
from tests.strategies import catalogs, criteria, repeatable
from tests.unit.domain.test_catalog import snapshot_of
from tests.unit.domain.test_pairs import matching_pairs

INACTIVE = CatalogStatus.INACTIVE


BOB = Caller(principal=PROXY, user="bob", is_named=True)


def refusal(
    commands,
    clusters,
    command_criteria=("job",),
    cluster_criteria=("data",),
    error=NoPairMatchesError,
):
    wish = Wish(command_criteria=command_criteria, cluster_criteria=cluster_criteria, caller=BOB)
    with pytest.raises(error) as refused:
        choose_pair(snapshot_of(commands, clusters), wish, strategy=RandomRouting(Random(1)))
    return refused.value


def command(name, /, *tags, **changes):
    return make_command(**{"id": name, "tags": tags, "cluster_tags": ()} | changes)


def cluster(name, /, *tags, **changes):
    return make_cluster(**{"id": name, "tags": tags} | changes)


def near(name, *missing, status="ACTIVE"):
    return {"id": name, "status": status, "missing": list(missing)}


def test_empty_catalog_fails_at_the_commands():
    error = refusal([], [])

    assert error.details == {"step": "command_criteria", "closest": []}
    assert str(error) == "no active command has all tags of command_criteria"


def test_step_of_the_commands_names_the_closest():
    error = refusal(
        [command("far", "x"), command("near", "job", "sql"), command("nearer", "job", "sql", "v2")],
        [cluster("any", "data")],
        command_criteria=["job", "sql", "v2", "fast"],
    )

    assert error.details == {
        "step": "command_criteria",
        "closest": [near("nearer", "fast"), near("near", "v2", "fast")],
    }
    assert str(error) == (
        "no active command has all tags of command_criteria; the closest, 'nearer', lacks fast"
    )


def test_step_of_the_commands_says_that_one_is_inactive():
    error = refusal([command("paused", "job", status=INACTIVE)], [cluster("any", "data")])

    assert error.details["closest"] == [near("paused", status="INACTIVE")]
    assert str(error).endswith("'paused', lacks nothing, but it is INACTIVE")


def test_step_of_the_cluster_tags_is_about_the_commands_demand():
    error = refusal(
        [command("picky", "job", cluster_tags=("gpu", "east"))],
        [cluster("west", "data", "gpu"), cluster("plain", "data")],
    )

    assert error.details == {"step": "cluster_tags", "closest": [near("west", "east")]}
    assert "cluster_tags" in str(error)


def test_step_of_the_cluster_tags_shows_inactive_clusters_when_any_would_do():
    error = refusal([command("easy", "job")], [cluster("paused", "data", status=INACTIVE)])

    assert error.details == {
        "step": "cluster_tags",
        "closest": [near("paused", status="INACTIVE")],
    }


def test_step_of_the_cluster_criteria_shows_only_clusters_that_the_commands_fit():
    error = refusal(
        [command("picky", "job", cluster_tags=("gpu",))],
        [cluster("fits", "gpu", "data"), cluster("fits-not", "data", "prod")],
        cluster_criteria=["data", "prod"],
    )

    assert error.details == {"step": "cluster_criteria", "closest": [near("fits", "prod")]}
    assert "cluster_criteria" in str(error)


def test_step_of_the_cluster_criteria_shows_the_clusters_of_every_command():
    error = refusal(
        [
            command("east", "job", cluster_tags=("east",)),
            command("west", "job", cluster_tags=("west",)),
        ],
        [cluster("a", "east", "data"), cluster("b", "west", "data")],
        cluster_criteria=["data", "prod"],
    )

    assert error.details["closest"] == [near("a", "prod"), near("b", "prod")]


def test_closest_are_three_at_most_active_ones_first_then_by_id():
    error = refusal(
        [
            command("b", "job"),
            command("a", "job", status=INACTIVE),
            command("d", "job"),
            command("c", "job"),
        ],
        [cluster("any", "data")],
        command_criteria=["job", "sql"],
    )

    assert [entry["id"] for entry in error.details["closest"]] == ["b", "c", "d"]


def test_entry_that_has_none_of_the_tags_is_not_close():
    error = refusal([command("x", "other")], [], command_criteria=["job"])

    assert error.details["closest"] == []


def test_commands_for_other_callers_are_forbidden_by_name():
    error = refusal(
        [
            command("theirs", "job", allowed_callers=("alice",)),
            command("mine", "other", allowed_callers=("bob",)),
        ],
        [cluster("any", "data")],
        error=CallerNotAllowedError,
    )

    assert error.details == {"step": "allowed_callers", "closest": [near("theirs")]}
    assert str(error) == (
        "the command 'theirs' with these tags may be run by its allowed_callers only, "
        "and named:bob is none of them"
    )


def test_three_of_the_commands_for_other_callers_are_named():
    error = refusal(
        [command(f"c-{n}", "job", allowed_callers=("alice",)) for n in range(5)],
        [cluster("any", "data")],
        error=CallerNotAllowedError,
    )

    assert [entry["id"] for entry in error.details["closest"]] == ["c-0", "c-1", "c-2"]
    assert str(error).startswith("all 5 commands with these tags")


def test_steps_of_the_clusters_are_about_commands_that_the_caller_may_run():
    error = refusal(
        [
            command("theirs", "job", allowed_callers=("alice",)),
            command("everybodys", "job", cluster_tags=("gpu",)),
        ],
        [cluster("any", "data")],
    )

    assert error.details["step"] == "cluster_tags"


@repeatable
@given(catalogs(), criteria, criteria)
def test_step_is_the_first_that_leaves_nothing(catalog, for_command, for_cluster):
    commands, clusters = catalog
    assume(not matching_pairs(commands, clusters, for_command, for_cluster))
    matching = [one for one in commands if one.is_active and set(for_command) <= set(one.all_tags)]
    demands = [
        set(one.cluster_tags)
        for one in matching
        if not one.allowed_callers or "bob" in one.allowed_callers
    ]
    fitting = any(
        demand <= set(one.all_tags) for one in clusters if one.is_active for demand in demands
    )

    error = CallerNotAllowedError if matching and not demands else NoPairMatchesError
    details = refusal(commands, clusters, for_command, for_cluster, error).details

    left = (bool(matching), bool(demands), fitting)
    assert (
        details["step"]
        == {
            (False, False, False): "command_criteria",
            (True, False, False): "allowed_callers",
            (True, True, False): "cluster_tags",
            (True, True, True): "cluster_criteria",
        }[left]
    )
    assert len(details["closest"]) <= 3

"""What a dry run tells of every candidate, against choosing itself and the words as loops."""

from random import Random

import pytest
from hypothesis import given

from heimdall.domain.access import Caller
from heimdall.domain.command import CatalogStatus
from heimdall.domain.errors import CallerNotAllowedError, NoPairMatchesError
from heimdall.domain.explain import Step, Verdict, explain
from heimdall.domain.routing import RandomRouting, Wish, choose_pair
from tests.factories import PROXY, make_cluster, make_command
from tests.strategies import catalogs, criteria, repeatable
from tests.unit.domain.test_catalog import snapshot_of
from tests.unit.domain.test_pairs import matching_pairs

BOB = Caller(principal=PROXY, user="bob", is_named=True)
INACTIVE = CatalogStatus.INACTIVE


def explained(commands, clusters, command_criteria=("job",), cluster_criteria=("data",)):
    snapshot = snapshot_of(commands, clusters)
    wish = Wish(command_criteria=command_criteria, cluster_criteria=cluster_criteria, caller=BOB)
    try:
        pair = choose_pair(snapshot, wish, strategy=RandomRouting(Random(1)))
    except (NoPairMatchesError, CallerNotAllowedError) as refused:
        return explain(snapshot, wish, None), None, refused.details["step"]
    return explain(snapshot, wish, pair), pair, None


def command(name, /, *tags, **changes):
    return make_command(**{"id": name, "tags": tags, "cluster_tags": ()} | changes)


def cluster(name, /, *tags, **changes):
    return make_cluster(**{"id": name, "tags": tags} | changes)


def fates(candidates):
    return [
        (each.entry.id, each.step and each.step.value, each.reason, list(each.missing))
        for each in candidates
    ]


def test_every_command_is_told_why_it_lost_closest_first():
    explanation, _, _ = explained(
        [
            command("fits", "job"),
            command("theirs", "job", allowed_callers=("alice",)),
            command("homeless", "job", cluster_tags=("gpu", "east")),
            command("elsewhere", "job", cluster_tags=("prod",)),
            command("paused", "job", status=INACTIVE),
            command("other", "sql"),
        ],
        [cluster("here", "data"), cluster("there", "prod")],
    )

    assert fates(explanation.commands) == [
        ("fits", None, "", []),
        (
            "elsewhere",
            "cluster_criteria",
            "no active cluster where it could run has all tags of cluster_criteria",
            [],
        ),
        ("homeless", "cluster_tags", "no active cluster has its cluster_tags gpu, east", []),
        ("theirs", "allowed_callers", "its allowed_callers are others", []),
        ("paused", "status", "it is INACTIVE", []),
        ("other", "command_criteria", "it lacks job", ["job"]),
    ]


def test_every_cluster_is_told_why_it_lost_closest_first():
    explanation, _, _ = explained(
        [command("picky", "job", cluster_tags=("gpu",))],
        [
            cluster("fits", "data", "gpu"),
            cluster("plain", "gpu"),
            cluster("no-gpu", "data"),
            cluster("neither"),
            cluster("paused", "data", "gpu", status=INACTIVE),
            cluster("gone", status=CatalogStatus.DELETED),
        ],
    )

    assert fates(explanation.clusters) == [
        ("fits", None, "", []),
        ("paused", "status", "it is INACTIVE", []),
        ("plain", "cluster_criteria", "it lacks data", ["data"]),
        ("no-gpu", "cluster_tags", "no command that is left runs there; it lacks gpu", ["gpu"]),
        (
            "neither",
            "cluster_tags",
            "no command that is left runs there; it lacks gpu, data",
            ["gpu", "data"],
        ),
        ("gone", "status", "it is DELETED and lacks gpu, data", ["gpu", "data"]),
    ]


def test_clusters_are_told_when_no_command_is_left():
    explanation, _, step = explained([command("other", "sql")], [cluster("here", "data")])

    assert step == "command_criteria"
    assert fates(explanation.clusters) == [
        ("here", "cluster_tags", "no command is left to run there", [])
    ]


def test_cluster_is_told_what_it_lacks_for_the_command_that_it_is_closest_to():
    explanation, _, _ = explained(
        [
            command("far", "job", cluster_tags=("gpu", "east", "big")),
            command("near", "job", cluster_tags=("gpu",)),
        ],
        [cluster("here", "data")],
    )

    assert explanation.clusters[0].missing == ("gpu",)


def test_candidates_that_the_strategy_passed_over_come_right_after_the_chosen():
    explanation, pair, _ = explained(
        [command("a", "job"), command("b", "job"), command("c", "other")],
        [cluster("x", "data"), cluster("y", "data")],
    )

    assert explanation.pairs == 4
    assert [each.verdict for each in explanation.commands] == list(Verdict)
    assert explanation.commands[0].entry is pair.command
    assert explanation.commands[1].step is Step.STRATEGY
    assert [each.verdict for each in explanation.clusters] == [Verdict.CHOSEN, Verdict.FITS]
    assert explanation.clusters[0].entry is pair.cluster


def test_command_and_cluster_of_one_id_are_two_candidates():
    explanation, _, _ = explained(
        [command("same", "job"), command("other", "job")],
        [cluster("same", "data"), cluster("other", "data")],
    )

    for candidates in (explanation.commands, explanation.clusters):
        assert [each.verdict for each in candidates] == [Verdict.CHOSEN, Verdict.FITS]


def test_long_lists_of_tags_are_named_in_part():
    wanted = [f"tag-{n}" for n in range(9)]
    explanation, _, _ = explained([command("far")], [], command_criteria=wanted)

    assert explanation.commands[0].reason == "it lacks tag-0, tag-1, tag-2 and 6 more"
    assert list(explanation.commands[0].missing) == wanted


@repeatable
@given(catalogs(), criteria, criteria)
def test_explanation_agrees_with_the_choice(catalog, for_command, for_cluster):
    commands, clusters = catalog
    explanation, pair, _ = explained(commands, clusters, for_command, for_cluster)
    pairs = matching_pairs(commands, clusters, for_command, for_cluster)

    assert explanation.pairs == len(pairs)
    for side, candidates, entries in (
        (0, explanation.commands, commands),
        (1, explanation.clusters, clusters),
    ):
        assert sorted(each.entry.id for each in candidates) == [entry.id for entry in entries]
        winners = [each for each in candidates if each.verdict is not Verdict.LOST]
        assert {each.entry.id for each in winners} == {ids[side] for ids in pairs}
        chosen = [each.entry for each in candidates if each.verdict is Verdict.CHOSEN]
        assert chosen == ([(pair.command, pair.cluster)[side]] if pair else [])
        assert [each.verdict for each in candidates] == sorted(
            (each.verdict for each in candidates), key=list(Verdict).index
        )


@repeatable
@given(catalogs(), criteria, criteria)
def test_no_candidate_came_further_than_the_step_of_the_refusal(catalog, for_command, for_cluster):
    explanation, pair, step = explained(*catalog, for_command, for_cluster)

    steps = [each.step for each in explanation.commands]
    if pair is None:
        furthest = max(steps, key=list(Step).index, default=Step.STATUS)
        assert furthest is Step(step) or (
            step == "command_criteria" and furthest in (Step.STATUS, Step.COMMAND_CRITERIA)
        )


@repeatable
@given(catalogs(), criteria, criteria)
def test_step_of_a_command_is_the_first_that_it_fails(catalog, for_command, for_cluster):
    commands, clusters = catalog
    explanation, _, _ = explained(commands, clusters, for_command, for_cluster)
    active = [set(one.all_tags) for one in clusters if one.is_active]

    for candidate in explanation.commands:
        entry = candidate.entry
        needs = set(entry.cluster_tags)
        failed = {
            Step.STATUS: not entry.is_active,
            Step.COMMAND_CRITERIA: not set(for_command) <= set(entry.all_tags),
            Step.ALLOWED_CALLERS: bool(entry.allowed_callers)
            and "bob" not in entry.allowed_callers,
            Step.CLUSTER_TAGS: not any(needs <= tags for tags in active),
            Step.CLUSTER_CRITERIA: not any(needs | set(for_cluster) <= tags for tags in active),
            Step.STRATEGY: candidate.verdict is Verdict.FITS,
        }
        assert candidate.step == next((step for step in Step if failed[step]), None)
        assert (candidate.step is None) == (candidate.reason == "")


@pytest.mark.parametrize("size", [3_000])
def test_large_catalog_is_explained(size):
    commands = [command(f"c-{n}", "job", cluster_tags=(f"t-{n}",)) for n in range(size)]
    clusters = [cluster(f"k-{n}", "data", f"t-{n}") for n in range(size)]

    explanation, _, _ = explained(commands, clusters)

    assert explanation.pairs == size
    assert len(explanation.commands) == len(explanation.clusters) == size

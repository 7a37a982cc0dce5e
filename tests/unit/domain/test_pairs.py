"""The pairs that satisfy criteria: which there are, and that each is as likely as any other."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.domain import catalog as catalog_module
from heimdall.domain import pairs as drawing
from heimdall.domain.access import Caller
from heimdall.domain.command import CatalogStatus
from heimdall.domain.pairs import CandidatePairs
from tests.factories import PROXY, make_cluster, make_command
from tests.strategies import catalogs, criteria, repeatable
from tests.unit.domain.test_catalog import snapshot_of

BOB = Caller(principal=PROXY, user="bob", is_named=True)
INACTIVE = (CatalogStatus.INACTIVE, CatalogStatus.DELETED)


def matching_pairs(commands, clusters, command_criteria, cluster_criteria):
    """The seeds' words as loops."""
    return {
        (command.id, cluster.id)
        for command in commands
        if command.is_active
        and set(command_criteria) <= set(command.all_tags)
        and (not command.allowed_callers or "bob" in command.allowed_callers)
        for cluster in clusters
        if cluster.is_active
        and set(command.cluster_tags) | set(cluster_criteria) <= set(cluster.all_tags)
    }


def ids(pair):
    return (pair.command.id, pair.cluster.id)


def candidates(commands, clusters, command_criteria=("job",), cluster_criteria=("data",)):
    """The pairs for Bob."""
    snapshot = snapshot_of(commands, clusters)
    closed = snapshot.allowed_callers.closed_to(BOB)
    return CandidatePairs(snapshot, command_criteria, cluster_criteria, closed)


def command(name, /, *cluster_tags, **changes):
    return make_command(**{"id": name, "tags": ("job",), "cluster_tags": cluster_tags} | changes)


def cluster(name, /, *tags, **changes):
    return make_cluster(**{"id": name, "tags": ("data", *tags)} | changes)


def assert_uniform(pairs, random, draws=2_000):
    """Pearson's test: the bound is passed by chance once in a thousand sets of draws."""
    expected = {ids(pair) for pair in pairs}
    drawn = Counter(ids(pairs.sample(random)) for _ in range(draws))

    assert set(drawn) <= expected
    each = draws / len(expected)
    statistic = sum((drawn[pair] - each) ** 2 / each for pair in expected)
    freedom = len(expected) - 1
    # Wilson and Hilferty's approximation of the 99.9th percentile.
    bound = freedom * (1 - 2 / (9 * freedom) + 3.09 * (2 / (9 * freedom)) ** 0.5) ** 3
    assert statistic < bound


@repeatable
@given(catalogs(), criteria, criteria)
def test_candidates_are_the_pairs_that_the_criteria_ask_for(catalog, for_command, for_cluster):
    pairs = candidates(*catalog, for_command, for_cluster)
    found = [ids(pair) for pair in pairs]

    assert len(found) == len(set(found)) == pairs.count()
    assert set(found) == matching_pairs(*catalog, for_command, for_cluster)


WAYS = {
    "as it is": [],
    "counted by clusters": [(drawing, "FEW", 1_000_000)],
    "drawn": [(drawing, "FEW", -1), (drawing, "DRAWS", 300)],
    "drawn without lists": [
        (drawing, "FEW", -1),
        (drawing, "DRAWS", 300),
        (catalog_module, "MAX_LISTED", 0),
    ],
    "counted": [(drawing, "FEW", -1), (drawing, "DRAWS", 0)],
}


@pytest.fixture(scope="module", params=WAYS)
def _way(request):
    """Each of the ways by which a pair is found."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name, value in WAYS[request.param]:
            patch.setattr(module, name, value)
        yield


each_way = pytest.mark.usefixtures("_way")


@each_way
@repeatable
@given(catalogs(), criteria, criteria, st.integers())
def test_sample_is_one_of_the_candidates(catalog, for_command, for_cluster, seed):
    pairs = candidates(*catalog, for_command, for_cluster)
    expected = matching_pairs(*catalog, for_command, for_cluster)

    random = Random(seed)
    sampled = [pairs.sample(random) for _ in range(10)]

    assert {pair and ids(pair) for pair in sampled} <= (expected or {None})


@each_way
def test_sample_is_uniform_when_every_pair_fits():
    pairs = candidates(
        [command(f"command-{n}") for n in range(4)], [cluster(f"cluster-{n}") for n in range(5)]
    )

    assert_uniform(pairs, Random(1))


@each_way
def test_sample_is_uniform_over_pairs_when_commands_fit_unlike_numbers_of_clusters():
    pairs = candidates(
        [command("picky", "gpu"), command("easy"), command("also-easy"), command("homeless", "x")],
        [cluster("one", "gpu"), cluster("two"), cluster("three"), cluster("four")],
    )

    assert_uniform(pairs, Random(2))


@each_way
def test_sample_is_uniform_when_few_carriers_of_a_tag_carry_the_others():
    commands = [command(f"only-job-{n}") for n in range(9)]
    commands += [command(f"only-sql-{n}", tags=("sql",)) for n in range(9)]
    commands += [command(f"both-{n}", tags=("job", "sql")) for n in range(3)]
    clusters = [cluster(f"only-data-{n}") for n in range(20)]
    clusters += [cluster(f"only-prod-{n}", tags=("prod",)) for n in range(20)]
    clusters += [cluster(f"both-{n}", "prod") for n in range(4)]
    pairs = candidates(commands, clusters, ("job", "sql"), ("data", "prod"))

    assert len(list(pairs)) == 12
    assert_uniform(pairs, Random(3))


FITTING = [command("picky", "gpu"), command("choosy", "gpu", "east"), command("east", "east")]
FITTED = [cluster("both", "gpu", "east"), cluster("gpu", "gpu"), cluster("other-gpu", "gpu")]
HOMELESS = [command(f"homeless-{n}", "nowhere") for n in range(1_000)]
EMPTY = [cluster(f"empty-{n}") for n in range(1_000)]


@each_way
@pytest.mark.parametrize(
    ("commands", "clusters"),
    [
        pytest.param(HOMELESS + FITTING, FITTED, id="of many commands few fit"),
        pytest.param(FITTING, EMPTY + FITTED, id="of many clusters few fit"),
        pytest.param(HOMELESS + FITTING, EMPTY + FITTED, id="of many of both few fit"),
    ],
)
def test_sample_is_uniform_when_hardly_any_pair_fits(commands, clusters):
    pairs = candidates(commands, clusters)

    assert len(list(pairs)) == 5
    assert_uniform(pairs, Random(4), draws=1_000)


@each_way
def test_sample_is_uniform_over_several_hundred_groups():
    groups = range(300)
    pairs = candidates(
        [command(f"command-{n}", f"group-{n}") for n in groups],
        [cluster(f"cluster-{n}", f"group-{n}") for n in groups]
        + [cluster(f"second-{n}", f"group-{n}") for n in groups if n % 2],
    )

    assert len(list(pairs)) == 450
    assert_uniform(pairs, Random(5), draws=2_300)


@each_way
def test_sample_is_uniform_over_the_commands_that_the_caller_may_run():
    commands = [command(f"open-{n}") for n in range(4)]
    commands += [command(f"bobs-{n}", allowed_callers=("ali", "bo.")) for n in range(3)]
    commands += [command(f"closed-{n}", allowed_callers=("alice",)) for n in range(20)]
    pairs = candidates(commands, [cluster("one"), cluster("two"), cluster("three")])

    assert pairs.count() == 21
    assert_uniform(pairs, Random(7))


@each_way
def test_sample_finds_nothing_when_all_commands_are_for_others():
    commands = [command(f"closed-{n}", allowed_callers=("alice",)) for n in range(20)]

    assert candidates(commands, [cluster("one")]).sample(Random(8)) is None


@each_way
@pytest.mark.parametrize("status", INACTIVE)
def test_sample_never_takes_an_inactive_one(status):
    pairs = candidates(
        [command("on"), *(command(f"off-{n}", status=status) for n in range(9))],
        [cluster("on"), *(cluster(f"off-{n}", status=status) for n in range(9))],
    )

    assert {ids(pairs.sample(Random(seed))) for seed in range(200)} == {("on", "on")}


def test_sample_finds_the_only_pair_among_thousands():
    commands = [command(f"c-{n}", "nowhere") for n in range(2_000)] + [command("it")]

    assert ids(candidates(commands, [cluster("there")]).sample(Random(5))) == ("it", "there")

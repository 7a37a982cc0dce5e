"""Choosing a pair: by tags, the system's included, and by a strategy."""

from random import Random

import pytest

from heimdall.domain.errors import NoPairMatchesError
from heimdall.domain.routing import RandomRouting, choose_pair
from tests.unit.domain.test_catalog import snapshot_of
from tests.unit.domain.test_pairs import cluster, command, ids


@pytest.mark.parametrize(
    ("for_command", "for_cluster"),
    [
        (["_id:query"], ["_id:east"]),
        (["_name:Query"], ["_name:East"]),
        (["_version:2"], ["_version:3"]),
        (["job", "_id:query"], ["data", "_version:3"]),
    ],
)
def test_system_tags_choose_a_pair(for_command, for_cluster):
    snapshot = snapshot_of(
        [command("other"), command("query", name="Query", version="2")],
        [cluster("other"), cluster("east", name="East", version="3")],
    )

    pair = choose_pair(
        snapshot,
        command_criteria=for_command,
        cluster_criteria=for_cluster,
        strategy=RandomRouting(Random(6)),
    )

    assert ids(pair) == ("query", "east")


class FirstRouting:
    """Takes the first pair: a strategy of somebody else's."""

    name = "first"

    def choose(self, pairs):
        return next(iter(pairs), None)


def test_strategy_decides_which_of_the_pairs():
    snapshot = snapshot_of([command("a"), command("b")], [cluster("c")])
    asked = {"command_criteria": ["job"], "strategy": FirstRouting()}

    pair = choose_pair(snapshot, cluster_criteria=["data"], **asked)

    assert ids(pair) == ("a", "c")
    with pytest.raises(NoPairMatchesError):
        choose_pair(snapshot, cluster_criteria=["nothing"], **asked)


def test_random_is_the_name_of_the_default():
    assert RandomRouting(Random(7)).name == "random"

"""Choosing a pair: by tags, the system's included, and by a strategy."""

from random import Random

import pytest

from heimdall.domain.access import Caller
from heimdall.domain.errors import NoPairMatchesError
from heimdall.domain.routing import RandomRouting, Wish, choose_pair
from tests.factories import ALICE
from tests.unit.domain.test_catalog import snapshot_of
from tests.unit.domain.test_pairs import cluster, command, ids


def wish(for_command, for_cluster):
    caller = Caller(principal=ALICE, user="alice")
    return Wish(command_criteria=for_command, cluster_criteria=for_cluster, caller=caller)


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

    pair = choose_pair(snapshot, wish(for_command, for_cluster), strategy=RandomRouting(Random(6)))

    assert ids(pair) == ("query", "east")


class FirstRouting:
    """Takes the first pair: a strategy of somebody else's."""

    name = "first"

    def choose(self, pairs):
        return next(iter(pairs), None)


def test_strategy_decides_which_of_the_pairs():
    snapshot = snapshot_of([command("a"), command("b")], [cluster("c")])

    pair = choose_pair(snapshot, wish(["job"], ["data"]), strategy=FirstRouting())

    assert ids(pair) == ("a", "c")
    with pytest.raises(NoPairMatchesError):
        choose_pair(snapshot, wish(["job"], ["nothing"]), strategy=FirstRouting())


def test_random_is_the_name_of_the_default():
    assert RandomRouting(Random(7)).name == "random"

"""Probes on their way to the runners."""

import io
import json

from heimdall.domain.health import CheckStatus, HealthCheck, Probe
from heimdall.probes import BATCH_BYTES, BATCH_PROBES, RunnerProbes, probe_from_message
from heimdall.settings import RunnerSettings
from tests.factories import make_cluster

RUNNERS = {
    "light": RunnerSettings("execute-light", "queue", "wakes", ("noop", "ping")),
    "sql": RunnerSettings("execute-sql", "queue", "wakes", ("trino",)),
}


class Functions:
    """Stands for Lambda: answers that everything is well, and keeps what it was asked."""

    def __init__(self):
        self.asked = []

    def invoke(self, *, FunctionName, Payload):  # noqa: N803 - boto3's names
        probes = [probe_from_message(each) for each in json.loads(Payload)["probes"]]
        self.asked.append((FunctionName, len(Payload), [probe.key for probe in probes]))
        checks = [HealthCheck.of(probe, CheckStatus.OK).to_dict() for probe in probes]
        return {"Payload": io.BytesIO(json.dumps({"checks": checks}).encode())}


def make(*probes):
    functions = Functions()
    checks = RunnerProbes(RUNNERS, lambda: functions).make(probes)
    return checks, sorted(functions.asked, key=str)


def probe(number, plugin="noop", **changes):
    return Probe(make_cluster(id=f"c{number:03}", **changes), plugin)


def test_each_probe_goes_to_the_runner_that_has_its_plugin():
    checks, asked = make(probe(1), probe(1, "trino"), probe(2, "ping"))

    assert {(function, *keys) for function, _, keys in asked} == {
        ("execute-light", ("c001", "noop"), ("c002", "ping")),
        ("execute-sql", ("c001", "trino")),
    }
    assert {check.status for check in checks} == {CheckStatus.OK}
    assert len(checks) == 3


def test_probe_of_a_plugin_that_no_runner_has_is_an_error():
    [check], asked = make(probe(1, "oracle"))

    assert (check.status, asked) == (CheckStatus.ERROR, [])
    assert check.error == "no runner of this deployment has the plugin 'oracle'"


def test_nothing_is_invoked_for_nothing():
    assert make() == ([], [])


def test_many_probes_are_several_invocations():
    checks, asked = make(*(probe(number) for number in range(BATCH_PROBES * 2 + 1)))

    assert sorted(len(keys) for _, _, keys in asked) == [1, BATCH_PROBES, BATCH_PROBES]
    assert len({check.cluster_id for check in checks}) == BATCH_PROBES * 2 + 1


def test_large_contexts_are_several_invocations():
    large = {"large": "x" * (BATCH_BYTES // 3)}

    checks, asked = make(*(probe(number, context=large) for number in range(5)))

    assert len(asked) == 3
    assert all(size < BATCH_BYTES + 1_000 for _, size, _ in asked)
    assert len(checks) == 5

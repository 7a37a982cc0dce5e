"""The last results of probes, kept."""

from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import ClientError

from heimdall.domain.health import CheckStatus, HealthCheck, Probe
from heimdall.store.health import DynamoHealthStore
from tests.factories import NOW_MS, make_cluster
from tests.fakes.tables import JOBS

PROBE = Probe(make_cluster(), "noop")
CHECK = HealthCheck.of(
    PROBE, CheckStatus.ERROR, error="it is down", latency_ms=12, checked_at_ms=NOW_MS
)


@pytest.fixture
def store(aws):
    return DynamoHealthStore(boto3.client("dynamodb"), JOBS)


def test_result_is_read_as_it_was_written(store):
    store.write(CHECK)

    assert store.read([PROBE.key]) == {PROBE.key: CHECK}


def test_newer_result_replaces_the_older(store):
    store.write(CHECK)
    newer = replace(CHECK, status=CheckStatus.OK, error="", checked_at_ms=NOW_MS + 1)
    store.write(newer)

    assert store.read([PROBE.key]) == {PROBE.key: newer}


def test_results_of_many_probes_are_read_at_once(store):
    checks = [replace(CHECK, cluster_id=f"c{number}") for number in range(230)]
    for check in checks:
        store.write(check)

    found = store.read([(check.cluster_id, "noop") for check in checks] + [("none", "noop")])

    assert sorted(found) == sorted((check.cluster_id, "noop") for check in checks)


def test_nothing_is_read_of_what_never_was_probed(store):
    assert store.read([PROBE.key]) == {}
    assert store.read([]) == {}


def test_probe_is_made_by_one_at_a_time(store):
    assert store.claim(PROBE, now_ms=NOW_MS, until_ms=NOW_MS + 10)
    assert not store.claim(PROBE, now_ms=NOW_MS + 9, until_ms=NOW_MS + 20)
    assert store.claim(Probe(make_cluster(), "ping"), now_ms=NOW_MS, until_ms=NOW_MS + 10)
    assert store.read([PROBE.key]) == {}


def test_probe_is_free_again_when_its_time_is_over_or_its_result_written(store):
    store.claim(PROBE, now_ms=NOW_MS, until_ms=NOW_MS + 10)

    assert store.claim(PROBE, now_ms=NOW_MS + 10, until_ms=NOW_MS + 20)
    store.write(CHECK)
    assert store.claim(PROBE, now_ms=NOW_MS + 11, until_ms=NOW_MS + 20)


def test_store_that_is_missing_is_no_claim_of_somebody_else(store):
    missing = DynamoHealthStore(store.client, "missing")

    with pytest.raises(ClientError, match="ResourceNotFound"):
        missing.claim(PROBE, now_ms=NOW_MS, until_ms=NOW_MS + 10)


def test_claim_leaves_the_last_result_in_place(store):
    store.write(CHECK)
    store.claim(PROBE, now_ms=NOW_MS, until_ms=NOW_MS + 10)

    assert store.read([PROBE.key]) == {PROBE.key: CHECK}


def test_result_goes_some_time_after_the_last_probe(store):
    store.write(CHECK)

    [item] = boto3.client("dynamodb").scan(TableName=JOBS)["Items"]
    assert int(item["expires_at"]["N"]) == NOW_MS // 1_000 + 7 * 86_400

"""What the store of keys promises: of all who write a record, one wins."""

from dataclasses import replace

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from heimdall.domain.errors import StoreThrottledError
from heimdall.domain.idempotency import Standing, standing
from heimdall.store import keys
from heimdall.store.idempotency import DynamoIdempotencyStore
from tests.factories import NOW_MS, make_idempotency_record
from tests.fakes.tables import JOBS

RECORD = make_idempotency_record()
OTHER = replace(RECORD, claim="other", job_id="another-job")
ANSWERED = replace(RECORD, answer='{"é": 1}')


@pytest.fixture
def store(aws):
    return DynamoIdempotencyStore(boto3.client("dynamodb"), JOBS)


def test_key_that_never_came_has_no_record(store):
    assert store.read(RECORD.id) is None


@pytest.mark.parametrize("record", [RECORD, ANSWERED])
def test_record_is_read_as_it_was_claimed(store, record):
    assert store.claim(record, replacing=None) is None

    assert store.read(RECORD.id) == record


def test_second_claim_is_told_of_the_first(store):
    store.claim(RECORD, replacing=None)

    assert store.claim(OTHER, replacing=None) == RECORD
    assert store.read(RECORD.id) == RECORD


def test_claim_whose_first_answer_was_lost_counts_as_written(store):
    store.claim(RECORD, replacing=None)

    assert store.claim(RECORD, replacing=None) is None


@pytest.mark.parametrize("old", [RECORD, ANSWERED])
def test_record_is_replaced_by_who_knows_it(store, old):
    store.claim(old, replacing=None)

    assert store.claim(OTHER, replacing=old) is None
    assert store.read(RECORD.id) == OTHER


@pytest.mark.parametrize(
    ("stored", "known"),
    [(OTHER, RECORD), (ANSWERED, RECORD), (RECORD, ANSWERED)],
    ids=["taken over", "answered since", "claimed anew"],
)
def test_record_is_not_replaced_by_who_knows_another(store, stored, known):
    store.claim(stored, replacing=None)
    third = replace(RECORD, claim="third")

    assert store.claim(third, replacing=known) == stored
    assert store.read(RECORD.id) == stored


def test_record_that_expired_meanwhile_is_claimed(store):
    assert store.claim(OTHER, replacing=RECORD) is None


def test_answer_is_kept(store):
    store.claim(RECORD, replacing=None)

    store.answer(RECORD, ANSWERED.answer)

    assert store.read(RECORD.id) == ANSWERED


@pytest.mark.parametrize("stored", [OTHER, ANSWERED])
def test_answer_of_who_was_taken_for_dead_changes_nothing(store, stored):
    store.claim(stored, replacing=None)

    store.answer(RECORD, "late")

    assert store.read(RECORD.id) == stored


def test_answer_does_not_bring_back_what_expired(store):
    store.answer(RECORD, "late")

    assert store.read(RECORD.id) is None


@pytest.mark.parametrize(
    ("forget", "stands"), [(True, Standing.FIRST), (False, Standing.ABANDONED)]
)
def test_key_that_was_given_up_can_be_used_at_once(store, forget, stands):
    store.claim(RECORD, replacing=None)

    store.give_up(RECORD, forget=forget)

    left = store.read(RECORD.id)
    assert left.job_id == RECORD.job_id
    assert standing(left, fingerprint=RECORD.fingerprint, now_ms=NOW_MS) is stands
    assert store.claim(OTHER, replacing=left) is None


@pytest.mark.parametrize("forget", [True, False])
@pytest.mark.parametrize("stored", [OTHER, ANSWERED])
def test_who_was_taken_for_dead_gives_up_nothing(store, stored, forget):
    store.claim(stored, replacing=None)

    store.give_up(RECORD, forget=forget)

    assert store.read(RECORD.id) == stored


def test_record_is_removed_when_it_expires_and_forgotten_ones_soon(store):
    store.claim(RECORD, replacing=None)
    expires_at = item_of(store)["expires_at"]
    store.give_up(RECORD, forget=True)
    forgotten = item_of(store)["expires_at"]

    assert expires_at == {"N": str(NOW_MS // 1_000 + 86_400)}
    assert forgotten == {"N": str(NOW_MS // 1_000)}


def test_record_is_in_no_index_of_jobs(store):
    store.claim(ANSWERED, replacing=None)

    assert not {"shard", "unfinished", "id"} & item_of(store).keys()


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.read(RECORD.id),
        lambda store: store.claim(RECORD, replacing=None),
        lambda store: store.answer(RECORD, "{}"),
        lambda store: store.give_up(RECORD, forget=True),
    ],
    ids=["read", "claim", "answer", "give_up"],
)
def test_store_out_of_reach_and_store_that_refuses_are_told_apart(store, call):
    def unreachable(**_):
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    def denied(**_):
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "any")

    events = store.client.meta.events
    events.register("before-call.dynamodb.*", unreachable, unique_id="fault")
    with pytest.raises(StoreThrottledError):
        call(store)
    events.unregister("before-call.dynamodb.*", unique_id="fault")
    events.register("before-call.dynamodb.*", denied)
    with pytest.raises(ClientError, match="AccessDenied"):
        call(store)


def item_of(store):
    return store.client.get_item(TableName=JOBS, Key=keys.idempotency_key(RECORD.id))["Item"]

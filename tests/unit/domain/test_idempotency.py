"""What a request with a key is told by the record of the key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.domain.errors import IdempotencyMismatchError, RequestInProgressError
from heimdall.domain.idempotency import (
    Standing,
    fingerprint_of,
    record_id_of,
    standing,
)
from tests.factories import JOB_ID, NOW_MS, make_idempotency_record
from tests.strategies import repeatable

RECORD = make_idempotency_record()
ANSWERED = make_idempotency_record(answer="{}")
EXPIRES_MS = RECORD.expires_at * 1_000


def stands(record, *, fingerprint=RECORD.fingerprint, now_ms=NOW_MS):
    return standing(record, fingerprint=fingerprint, now_ms=now_ms)


def test_key_without_a_record_is_new():
    assert stands(None) is Standing.FIRST


@pytest.mark.parametrize("record", [RECORD, ANSWERED])
@pytest.mark.parametrize("fingerprint", [RECORD.fingerprint, "another"])
def test_expired_record_counts_as_none(record, fingerprint):
    assert stands(record, fingerprint=fingerprint, now_ms=EXPIRES_MS) is Standing.FIRST


@pytest.mark.parametrize("record", [RECORD, ANSWERED])
@pytest.mark.parametrize("now_ms", [NOW_MS, RECORD.answer_by_ms, EXPIRES_MS - 1])
def test_another_body_is_a_mismatch_whatever_became_of_the_first(record, now_ms):
    with pytest.raises(IdempotencyMismatchError) as refused:
        stands(record, fingerprint="another", now_ms=now_ms)

    assert refused.value.details[0]["path"] == "Idempotency-Key"


@pytest.mark.parametrize("now_ms", [NOW_MS, RECORD.answer_by_ms, EXPIRES_MS - 1])
def test_answer_is_given_again_until_it_expires(now_ms):
    assert stands(ANSWERED, now_ms=now_ms) is Standing.ANSWERED


def test_request_without_an_answer_is_in_progress_until_it_must_be_dead():
    with pytest.raises(RequestInProgressError) as refused:
        stands(RECORD, now_ms=RECORD.answer_by_ms - 1)

    assert refused.value.job_id == JOB_ID
    assert stands(RECORD, now_ms=RECORD.answer_by_ms) is Standing.ABANDONED


@repeatable
@given(st.lists(st.tuples(st.text("a\0b"), st.text("abc", min_size=1)), min_size=2, unique=True))
def test_caller_and_key_have_a_record_of_their_own(pairs):
    # A subject is an ARN or a printable name, and so has no NUL.
    pairs = [(subject.replace("\0", ""), key) for subject, key in pairs]

    assert len({record_id_of(*pair) for pair in pairs}) == len(set(pairs))


@repeatable
@given(st.text(), st.text())
def test_fingerprints_differ_as_their_requests_do(one, other):
    assert (fingerprint_of(one) == fingerprint_of(other)) is (one == other)

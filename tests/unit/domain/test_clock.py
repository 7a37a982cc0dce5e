"""Ids that are times."""

import time
from uuid import RFC_4122, UUID

from hypothesis import given

from heimdall.domain.clock import SystemClock, created_ms_of, first_id_at, new_job_id
from tests.strategies import instants_ms, repeatable

RANDOM_BITS = ((1 << 12) - 1) << 64 | ((1 << 62) - 1)


def test_system_clock_tells_milliseconds_since_the_epoch():
    before = time.time_ns() // 1_000_000
    told = SystemClock().now_ms()
    after = time.time_ns() // 1_000_000

    assert before <= told <= after


@repeatable
@given(instants_ms)
def test_id_is_a_uuid_of_version_7_with_its_time_in_front(now_ms):
    text = new_job_id(now_ms)
    parsed = UUID(text)

    assert str(parsed) == text
    assert (parsed.version, parsed.variant) == (7, RFC_4122)
    assert parsed.int >> 80 == created_ms_of(text) == now_ms


@repeatable
@given(instants_ms)
def test_first_id_of_a_millisecond_is_before_its_ids_and_after_all_earlier_ones(now_ms):
    first = first_id_at(now_ms)

    assert (UUID(first).version, UUID(first).variant) == (7, RFC_4122)
    assert first <= new_job_id(now_ms) < first_id_at(now_ms + 1)


@repeatable
@given(instants_ms, instants_ms)
def test_ids_sort_by_time(one_ms, other_ms):
    earlier, later = sorted((one_ms, other_ms))

    if earlier < later:
        assert new_job_id(earlier) < new_job_id(later)


def test_ids_of_one_millisecond_differ_in_every_random_bit():
    ids = {UUID(new_job_id(1_800_000_000_000)).int for _ in range(300)}

    assert len(ids) == 300
    first = next(iter(ids))
    seen = 0
    for other in ids:
        seen |= first ^ other
    assert seen == RANDOM_BITS

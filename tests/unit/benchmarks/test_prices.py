import pytest

from benchmarks import prices
from benchmarks.prices import Charge, billed_ms, gb_seconds, total


def test_charge_tells_what_a_million_costs():
    assert Charge("writes", 2, prices.DYNAMODB_WRITE_UNIT).dollars_per_million == 1.25


def test_job_worked_out_by_hand_costs_what_it_should():
    seconds = gb_seconds(duration_ms=30, memory_mb=512) + gb_seconds(duration_ms=60, memory_mb=512)
    bill = [
        Charge("API", 1, prices.HTTP_API_REQUEST),
        Charge("Lambda requests", 2, prices.LAMBDA_REQUEST),
        Charge("Lambda time", seconds, prices.LAMBDA_ARM_GB_SECOND),
        Charge("writes", 2, prices.DYNAMODB_WRITE_UNIT),
    ]

    # 1.00 + 0.40 + 0.045 GB-s x 13.3334 + 1.25
    assert total(bill) == pytest.approx(3.25, abs=0.0001)


def test_one_object_costs_as_much_as_eight_writes():
    assert pytest.approx(8 * prices.DYNAMODB_WRITE_UNIT) == prices.S3_PUT


@pytest.mark.parametrize(
    ("memory_mb", "milliseconds"),
    [(1_769, 7), (3_008, 7), (512, 12)],  # 2 ms x 1769/512 = 6.91 ms
)
def test_little_memory_makes_the_cpu_slower_but_not_the_waiting(memory_mb, milliseconds):
    assert billed_ms(cpu_ms=2, waiting_ms=5, memory_mb=memory_mb) == milliseconds


def test_time_is_billed_to_the_next_millisecond():
    assert billed_ms(cpu_ms=0.1, waiting_ms=3, memory_mb=1_769) == 4

"""List prices of us-east-1 in US dollars, without free tiers, and the sums made of them."""

from collections.abc import Iterable
from dataclasses import dataclass

MILLION = 1_000_000

HTTP_API_REQUEST = 1.00 / MILLION
LAMBDA_REQUEST = 0.20 / MILLION
LAMBDA_ARM_GB_SECOND = 0.0000133334
DYNAMODB_WRITE_UNIT = 0.625 / MILLION
DYNAMODB_READ_UNIT = 0.125 / MILLION
SQS_REQUEST = 0.40 / MILLION
S3_PUT = 0.005 / 1_000
S3_GET = 0.0004 / 1_000
LOG_BYTE = 0.50 / 10**9
STATE_TRANSITION = 0.025 / 1_000
"""Each state that a Standard state machine enters, and each retry (Step Functions' price page)."""

ONE_VCPU_MB = 1_769
"""With so much memory a function has a whole processor; with less, that part of one."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of a bill.

    Attributes:
        amount: for one job.
        price: of one unit.
    """

    what: str
    amount: float
    price: float
    detail: str = ""

    @property
    def dollars_per_million(self) -> float:
        """What a million jobs cost."""
        return self.amount * self.price * MILLION


def total(charges: Iterable[Charge]) -> float:
    """Return what a million jobs cost in all."""
    return sum(charge.dollars_per_million for charge in charges)


def billed_ms(*, cpu_ms: float, waiting_ms: float, memory_mb: int) -> int:
    """Return how long Lambda bills a run for, to the next millisecond.

    Args:
        cpu_ms: on a whole processor; a function with less memory than buys one takes longer.
        waiting_ms: for others.
        memory_mb: of the function.
    """
    slower = max(1.0, ONE_VCPU_MB / memory_mb)
    return -(-int((cpu_ms * slower + waiting_ms) * 1_000) // 1_000)


def gb_seconds(*, duration_ms: float, memory_mb: int) -> float:
    """Return the unit in which Lambda sells time."""
    return duration_ms / 1_000 * memory_mb / 1_024

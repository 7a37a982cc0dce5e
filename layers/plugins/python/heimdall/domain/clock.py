"""Time and identity, which tests replace."""

import hashlib
import secrets
import time
from typing import Protocol
from uuid import UUID

_RANDOM_BITS = 80 - 6  # RFC 9562 5.7: what version and variant leave of the last 80 bits
_MAX_RANDOM = (1 << _RANDOM_BITS) - 1


class Clock(Protocol):
    """Tells the time."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch, UTC."""
        return time.time_ns() // 1_000_000


def new_job_id(now_ms: int) -> str:
    """Make an id that sorts by time of creation: a UUIDv7 (RFC 9562, section 5.7)."""
    return str(_uuid7(now_ms, secrets.randbits(_RANDOM_BITS)))


def id_of(ms: int, name: str) -> str:
    """Return the id of something that has a name and a time: the same whenever it is asked for."""
    digest = hashlib.sha256(name.encode(errors="backslashreplace")).digest()
    return str(_uuid7(ms, int.from_bytes(digest[:10], "big")))


def first_id_at(now_ms: int) -> str:
    """Return the smallest id that a job created at this millisecond can have."""
    return str(_uuid7(now_ms, 0))


def created_ms_of(job_id: str) -> int:
    """Return the millisecond at which a job's id was made."""
    return UUID(job_id).int >> 80


def _uuid7(now_ms: int, random: int) -> UUID:
    high, low = divmod(random & _MAX_RANDOM, 1 << 62)
    return UUID(int=(now_ms << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low)

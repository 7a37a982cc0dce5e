"""Intervals of months, days and nanoseconds as texts of ISO 8601, and back."""

import re
from typing import NamedTuple

_SECOND, _MINUTE, _HOUR = 1_000_000_000, 60_000_000_000, 3_600_000_000_000
_FORM = re.compile(
    r"P(?:(-?\d+)Y)?(?:(-?\d+)M)?(?:(-?\d+)D)?"
    r"(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?\d*)(?:\.(\d{1,9}))?S)?)?"
)
_MONTHS_A_YEAR = 12


class Interval(NamedTuple):
    """What an interval of Arrow has: none of the three says anything of the others."""

    months: int
    days: int
    nanoseconds: int


def iso_text(interval: tuple[int, int, int]) -> str:
    """Write an interval: `P1Y2M3DT4H5M6.7S`; each part has a sign of its own, none is `PT0S`."""
    months, days, nanoseconds = interval
    sign = -1 if nanoseconds < 0 else 1
    rest = abs(nanoseconds)
    date = [(sign_of(months) * (abs(months) // _MONTHS_A_YEAR), "Y")]
    date += [(sign_of(months) * (abs(months) % _MONTHS_A_YEAR), "M"), (days, "D")]
    time = [(sign * (rest // _HOUR), "H"), (sign * (rest % _HOUR // _MINUTE), "M")]
    text = "".join(f"{number}{unit}" for number, unit in date if number)
    clock = "".join(f"{number}{unit}" for number, unit in time if number)
    clock += _seconds(rest % _MINUTE, sign)
    if not text and not clock:
        return "PT0S"
    return f"P{text}T{clock}" if clock else f"P{text}"


def sign_of(number: int) -> int:
    """Return -1 for what is below zero, else 1."""
    return -1 if number < 0 else 1


def read_interval(text: str) -> Interval:
    """Read what `iso_text` wrote.

    Raises:
        ValueError: it is something else.
    """
    found = _FORM.fullmatch(text)
    if found is None or text in ("P", "PT"):
        raise ValueError(f"{text!r} is no interval")
    years, months, days, hours, minutes = (int(found[at] or 0) for at in range(1, 6))
    whole, fraction = found[6] or "0", (found[7] or "").ljust(9, "0")
    seconds = abs(int(whole if whole != "-" else 0)) * _SECOND + int(fraction)
    seconds = -seconds if whole.startswith("-") else seconds
    nanoseconds = hours * _HOUR + minutes * _MINUTE + seconds
    return Interval(years * _MONTHS_A_YEAR + months, days, nanoseconds)


def _seconds(rest: int, sign: int) -> str:
    if not rest:
        return ""
    whole, fraction = divmod(rest, _SECOND)
    digits = f".{fraction:09d}".rstrip("0") if fraction else ""
    return f"{'-' if sign < 0 else ''}{whole}{digits}S"

"""Values of Trino as its protocol writes them, read into what Arrow takes; null stays null."""

import base64
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from heimdall.domain.errors import PluginError

Read = Callable[[Any], Any]
"""Turns a value into Arrow's. Raises ValueError: it is no such value."""

MICROS, NANOS = 6, 9
_NS_FIRST, _NS_LAST = -(2**63) + 1, 2**63 - 1
_DAY_SECONDS = 86_400
_EPOCH_DAYS = date(1970, 1, 1).toordinal()
_ERA_YEARS, _ERA_DAYS = 400, 146_097

_DATE = re.compile(r"([+-]?\d+)-(\d\d)-(\d\d)")
_TIME = re.compile(r"(\d\d):(\d\d):(\d\d)(?:\.(\d+))?")
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
_YEARS_MONTHS = re.compile(r"(-?)(\d+)-(\d+)")
_DAYS_TIME = re.compile(r"(-?)(\d+) (\d+):(\d\d):(\d\d)(?:\.(\d+))?")


def number(value: Any) -> int:  # noqa: ANN401 - whatever JSON has
    """Read an integer; as the key of a map it comes as a text."""
    return int(value)


def real(value: Any) -> float:  # noqa: ANN401 - whatever JSON has
    """Read a number, or one of the texts `NaN`, `Infinity` and `-Infinity`."""
    return float(value)


def boolean(value: Any) -> bool:  # noqa: ANN401 - whatever JSON has
    """Read true or false; as the key of a map they come as texts."""
    return value if isinstance(value, bool) else {"true": True, "false": False}[value]


def exact(value: Any) -> Decimal:  # noqa: ANN401 - whatever JSON has
    """Read a decimal with all its digits."""
    return Decimal(value)


def text(value: Any) -> str:  # noqa: ANN401 - whatever JSON has
    """Read a text."""
    return str(value)


def binary(value: str) -> bytes:
    """Read bytes, which come as base64."""
    return base64.b64decode(value)


def day(value: str) -> int:
    """Read a date of any year as days since 1970."""
    found = _DATE.fullmatch(value)
    if found is None:
        raise ValueError(f"no date: {value!r}")
    year, month, of_month = (int(part) for part in found.groups())
    # Python's dates end at the year 9999; the calendar repeats itself after 400 years
    eras, year_of_era = divmod(year - _ERA_YEARS, _ERA_YEARS)
    near = date(year_of_era + _ERA_YEARS, month, of_month)
    return near.toordinal() - _EPOCH_DAYS + eras * _ERA_DAYS


def time_of_day(value: str) -> int:
    """Read a time as microseconds since midnight."""
    return _ticks_of_day(value, MICROS)


def timestamp(digits: int) -> Read:
    """Return what reads a timestamp without zone as ticks since 1970 UTC.

    Args:
        digits: of a second's fraction: 6 for microseconds, 9 for nanoseconds.
    """

    def read(value: str) -> int:
        day_text, _, time_text = value.partition(" ")
        return _in_range(_ticks(day_text, time_text, digits), digits, value)

    return read


def timestamp_with_zone(digits: int) -> Read:
    """Return what reads a timestamp with the name or the offset of a zone, likewise."""

    def read(value: str) -> int:
        day_text, time_text, zone = value.split(" ", 2)
        offset = _offset_seconds(day_text, time_text, zone)
        ticks = _ticks(day_text, time_text, digits) - offset * _per_second(digits)
        return _in_range(ticks, digits, value)

    return read


def months(value: str) -> tuple[int, int, int]:
    """Read an interval year to month: months, days, nanoseconds."""
    found = _YEARS_MONTHS.fullmatch(value)
    if found is None:
        raise ValueError(f"no interval: {value!r}")
    sign = -1 if found[1] else 1
    return sign * (int(found[2]) * 12 + int(found[3])), 0, 0


def days_and_time(value: str) -> tuple[int, int, int]:
    """Read an interval day to second: months, days, nanoseconds."""
    found = _DAYS_TIME.fullmatch(value)
    if found is None:
        raise ValueError(f"no interval: {value!r}")
    sign = -1 if found[1] else 1
    hours, minutes, seconds = (int(found[part]) for part in (3, 4, 5))
    nanos = ((hours * 60 + minutes) * 60 + seconds) * 10**NANOS + _fraction(found[6], NANOS)
    return 0, sign * int(found[2]), sign * nanos


def _ticks(day_text: str, time_text: str, digits: int) -> int:
    whole = day(day_text) * _DAY_SECONDS * _per_second(digits)
    return whole + _ticks_of_day(time_text, digits)


def _ticks_of_day(value: str, digits: int) -> int:
    found = _TIME.fullmatch(value)
    if found is None:
        raise ValueError(f"no time: {value!r}")
    hours, minutes, seconds = (int(found[part]) for part in (1, 2, 3))
    whole = (hours * 60 + minutes) * 60 + seconds
    return whole * _per_second(digits) + _fraction(found[4], digits)


def _per_second(digits: int) -> int:
    return int(10**digits)


def _fraction(digits_given: str | None, digits: int) -> int:
    return int((digits_given or "0").ljust(digits, "0")[:digits])


def _in_range(ticks: int, digits: int, value: str) -> int:
    if _NS_FIRST <= ticks <= _NS_LAST:
        return ticks
    unit = "nanoseconds" if digits == NANOS else "microseconds"
    raise PluginError(
        f"the timestamp {value} is out of the range that results have in {unit}: "
        "cast it to timestamp(6), or to varchar"
    )


def _offset_seconds(day_text: str, time_text: str, zone: str) -> int:
    """Return how far a zone is from UTC at a local time."""
    if zone in ("UTC", "Z"):
        return 0
    if found := _OFFSET.fullmatch(zone):
        seconds = (int(found[2]) * 60 + int(found[3])) * 60
        return -seconds if found[1] == "-" else seconds
    try:
        rules = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise PluginError(f"the time zone {zone} of a value is unknown here") from error
    year, rest = day_text.rsplit("-", 2)[0], day_text[-6:]
    near = min(max(int(year), 1), 9999)  # zones' rules do not change beyond
    local = datetime.fromisoformat(f"{near:04d}{rest} {time_text[:8]}")
    found_offset = local.replace(tzinfo=rules).utcoffset()
    return round(found_offset.total_seconds()) if found_offset else 0

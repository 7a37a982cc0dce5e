"""Reads dates, times and intervals as PostgreSQL writes them, also where Python's own types end."""

import re

MICROSECONDS_A_DAY = 86_400_000_000

_LARGEST = 2**63 - 1
_MARCH = 3
_LARGEST_YEAR = 32_767
"""Arrow writes no later one as a text, and none before the year -32767."""

_TIME = r"(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?"
_DATE = re.compile(r"(\d{4,7})-(\d\d)-(\d\d)( BC)?")
_MOMENT = re.compile(
    rf"(\d{{4,7}})-(\d\d)-(\d\d) {_TIME}(?:([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?)?( BC)?"
)
_CLOCK = re.compile(_TIME)
_INTERVAL = re.compile(
    r"(?:([+-]?\d+) years? ?)?(?:([+-]?\d+) mons? ?)?(?:([+-]?\d+) days? ?)?"
    r"(?:([+-]?)(\d+):(\d\d):(\d\d)(?:\.(\d{1,6}))?)?"
)


def days_of(text: str) -> int:
    """Return a date as days since 1970, `0044-03-15 BC` and `10000-01-01` included.

    Raises:
        ValueError: it is none, like `infinity`, or after the year 32767.
    """
    year, month, day, era = _parts(_DATE, text)
    return _days(_year(year, era), int(month or 0), int(day or 0))


def microseconds_of(text: str) -> int:
    """Return a timestamp, with its offset or without, as microseconds since 1970.

    Raises:
        ValueError: it is none, like `infinity`, or after the year 32767.
    """
    year, month, day, *clock, sign, hours, minutes, seconds, era = _parts(_MOMENT, text)
    days = _days(_year(year, era), int(month or 0), int(day or 0))
    offset = _seconds(hours, minutes, seconds) * 1_000_000
    local = days * MICROSECONDS_A_DAY + _clock(*clock)
    return local + offset if sign == "-" else local - offset


def clock_of(text: str) -> int:
    """Return a time of day as microseconds since midnight.

    Raises:
        ValueError: it is none, or it is 24:00:00, which is no time of any day elsewhere.
    """
    microseconds = _clock(*_parts(_CLOCK, text))
    if microseconds >= MICROSECONDS_A_DAY:
        raise ValueError(text)
    return microseconds


def interval_of(text: str) -> tuple[int, int, int]:
    """Return an interval of the style `postgres` as months, days and nanoseconds.

    Raises:
        ValueError: it is none, or its hours are more than nanoseconds can count.
    """
    years, months, days, sign, *clock = _parts(_INTERVAL, text)
    nanoseconds = _clock(*clock) * 1_000
    return (
        int(years or 0) * 12 + int(months or 0),
        int(days or 0),
        _counted(-nanoseconds if sign == "-" else nanoseconds),
    )


def _parts(pattern: re.Pattern[str], text: str) -> tuple[str | None, ...]:
    match = pattern.fullmatch(text)
    if match is None or not text:
        raise ValueError(text)
    return match.groups()


def _year(text: str | None, era: str | None) -> int:
    year = int(text or 0)
    if year > _LARGEST_YEAR:
        raise ValueError(text)
    return 1 - year if era else year


def _counted(nanoseconds: int) -> int:
    if abs(nanoseconds) > _LARGEST:
        raise ValueError(str(nanoseconds))
    return nanoseconds


def _seconds(hours: str | None, minutes: str | None, seconds: str | None) -> int:
    return int(hours or 0) * 3_600 + int(minutes or 0) * 60 + int(seconds or 0)


def _clock(
    hours: str | None, minutes: str | None, seconds: str | None, fraction: str | None
) -> int:
    return _seconds(hours, minutes, seconds) * 1_000_000 + int((fraction or "").ljust(6, "0"))


def _days(year: int, month: int, day: int) -> int:
    """Count days from 1970-01-01 in the Gregorian calendar, before its beginning too.

    Years are counted from March, so that a leap day is the last day of its year.
    """
    year -= month < _MARCH
    era, of_era = divmod(year, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468

"""Dates and timestamps as texts of ISO 8601: of every year, and without a time zone database."""

import datetime as dt

import pyarrow as pa
import pyarrow.compute as pc

_OUT_OF_RANGE = "<"
"""How the text begins that Arrow has instead of a date after the year 32767, or before -32768."""

_DAYS_OF_400_YEARS = 146_097
_DAYS_BEFORE_1970 = 719_162
_DAY_US = 86_400_000_000


def date_texts(dates: pa.Array) -> pa.Array:
    """Write dates: `2026-11-22`; a null stays one."""
    texts = dates.cast(pa.string())
    odd = _odd(texts)
    if odd is None:
        return texts
    days = dates.filter(odd).cast(pa.int32()).to_pylist()
    return pc.replace_with_mask(texts, odd, pa.array(map(_date_text, days), pa.string()))


def timestamp_texts(timestamps: pa.Array) -> pa.Array:
    """Write timestamps: `2026-11-22T10:00:00.123456`, those of UTC with a Z; a null stays one."""
    # Of those with a zone, Arrow would look that up in files that not every system has.
    local = timestamps.cast(pa.timestamp(timestamps.type.unit))
    texts = pc.replace_substring(local.cast(pa.string()), " ", "T", max_replacements=1)
    odd = _odd(texts)
    if odd is not None:
        counts = local.filter(odd).cast(pa.int64()).to_pylist()
        texts = pc.replace_with_mask(texts, odd, pa.array(map(_moment_text, counts), pa.string()))
    return texts if timestamps.type.tz is None else pc.binary_join_element_wise(texts, "Z", "")


def _odd(texts: pa.Array) -> pa.Array | None:
    """Mark what Arrow has no text for; None if there is nothing like that."""
    odd = pc.fill_null(pc.starts_with(texts, _OUT_OF_RANGE), False)
    return odd if pc.any(odd, min_count=0).as_py() else None


def _date_text(days: int) -> str:
    eras, rest = divmod(days + _DAYS_BEFORE_1970, _DAYS_OF_400_YEARS)
    like = dt.date.fromordinal(rest + 1)
    return f"{like.year + 400 * eras:05d}-{like:%m-%d}"


def _moment_text(microseconds: int) -> str:
    """Write a timestamp; those in nanoseconds are never out of range."""
    days, rest = divmod(microseconds, _DAY_US)
    seconds, fraction = divmod(rest, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_date_text(days)}T{hour:02d}:{minute:02d}:{second:02d}.{fraction:06d}"

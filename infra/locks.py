"""What locks name, and what of them a layer needs that is there otherwise."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

IN_LAMBDA = frozenset({"boto3", "botocore", "jmespath", "s3transfer"})
"""The AWS SDK comes with Lambda's runtime."""


def entries(lock: Path) -> Iterator[tuple[str, str]]:
    """Yield each package of a lock with its lines: version, condition and hashes."""
    lines: list[str] = []
    for line in lock.read_text().splitlines():
        if not line.startswith(" "):
            yield from _entry(lines)
            lines = []
        lines.append(line)
    yield from _entry(lines)


def merged(locks: Iterable[Path], *, without: Path) -> str:
    """Write one lock of several, without what Lambda or another lock brings.

    Args:
        locks: of what is needed.
        without: the lock of what is there anyway.
    """
    there = {name for name, _ in entries(without)} | IN_LAMBDA
    needed = {
        text: None  # a dictionary keeps the order
        for lock in locks
        for name, text in entries(lock)
        if name not in there
    }
    return "".join(f"{text}\n" for text in needed)


def _entry(lines: list[str]) -> Iterator[tuple[str, str]]:
    found = NAME.match(lines[0]) if lines else None
    if found:
        yield found.group().lower(), "\n".join(lines)

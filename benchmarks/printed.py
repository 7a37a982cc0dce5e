"""Keeps what a handler prints: in Lambda these lines would be its log, and paid for."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO


@contextmanager
def printed_to(file: IO[bytes]) -> Iterator[None]:
    """Send the process's stdout to a file, whoever writes to it and however."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(file.fileno(), 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


@contextmanager
def nothing_printed() -> Iterator[None]:
    """Throw away what is printed."""
    with open(os.devnull, "wb") as nowhere, printed_to(nowhere):  # noqa: PTH123 - not a path
        yield


@contextmanager
def printed_lines() -> Iterator[list[str]]:
    """Lend a list that holds, after the block, the lines that were printed in it."""
    lines: list[str] = []
    with tempfile.TemporaryFile() as file:
        with printed_to(file):
            yield lines
        file.seek(0)
        lines += file.read().decode().splitlines()

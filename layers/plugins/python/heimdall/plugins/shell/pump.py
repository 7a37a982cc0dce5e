"""Copies what a process writes to the job's streams while it runs."""

import os
from collections.abc import Mapping
from contextlib import suppress
from selectors import EVENT_READ, DefaultSelector

from heimdall.plugin.output import OutputStream

_CHUNK_BYTES = 64 * 1024
_MAX_PIPE_BYTES = 1024 * 1024
"""What a pipe can hold on Linux unless root raised it."""


def pump(sources: Mapping[int, OutputStream], *, until: int) -> None:
    """Copy each pipe to its stream as bytes arrive, until all have reached their end.

    A pipe ends when its last writer is gone. A process that left the job's group on purpose can
    keep one open forever, so `until` ends the copying too: what the pipes hold then is copied,
    and nothing more is waited for.

    Args:
        sources: the stream for each pipe's descriptor.
        until: a descriptor that becomes readable when the job's processes are gone.
    """
    with DefaultSelector() as selector:
        for descriptor in sources:
            os.set_blocking(descriptor, False)
            selector.register(descriptor, EVENT_READ)
        selector.register(until, EVENT_READ)
        opened = set(sources)
        while opened:
            ready = {key.fd for key, _ in selector.select()}
            if until in ready:
                break
            for descriptor in ready:
                if _copy(descriptor, sources[descriptor], _CHUNK_BYTES):
                    continue
                selector.unregister(descriptor)
                opened.remove(descriptor)
    for descriptor in opened:
        _drain(descriptor, sources[descriptor])


def _drain(descriptor: int, stream: OutputStream) -> None:
    """Copy what the pipe holds, and no more than it can hold: a writer may still be at work."""
    left = _MAX_PIPE_BYTES
    with suppress(BlockingIOError):
        while left > 0 and (copied := _copy(descriptor, stream, min(left, _CHUNK_BYTES))):
            left -= copied


def _copy(descriptor: int, stream: OutputStream, size: int) -> int:
    data = os.read(descriptor, size)
    if data:
        stream.write(data)
    return len(data)

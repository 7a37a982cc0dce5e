"""Waits for what other threads do, as long as the run may go on."""

from concurrent.futures import Future, wait
from queue import Empty, Queue
from typing import TypeVar

from heimdall.plugin.watch import Watch

T = TypeVar("T")

_LOOK_SECONDS = 0.1


def result_of(future: Future[T], watch: Watch) -> T:
    """Wait for work; raises what the work raises, or EndedError."""
    while not wait([future], _LOOK_SECONDS).done:
        watch.heed()
    return future.result()


def next_of(queue: "Queue[T]", watch: Watch) -> T:
    """Wait for the next thing in a queue, or raise EndedError."""
    while True:
        watch.heed()
        try:
            return queue.get(timeout=_LOOK_SECONDS)
        except Empty:
            continue

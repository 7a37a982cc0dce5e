"""Reads ahead in a thread: the server, the way, and whoever takes the rows work at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")

AHEAD = 3
"""How many items are read before they are asked for."""

_PAUSE_SECONDS = 0.1


class _End:
    """Comes after the last item: the error that ended them, if one did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


@contextmanager
def read_ahead(items: Iterator[T], *, give_up: Callable[[], None]) -> Iterator[Iterator[T]]:
    """Give the items of an iterator that runs in a thread of its own.

    Args:
        items: used by the thread alone, and closed there, until the block ends.
        give_up: called if the block ends before the items do: makes them end soon.
    """
    queue: Queue[T | _End] = Queue(AHEAD)
    abandoned = Event()
    thread = Thread(target=_read, args=(items, queue, abandoned), daemon=True)
    thread.start()
    try:
        yield _taken(queue)
    finally:
        abandoned.set()
        if thread.is_alive():
            with suppress(Empty):  # the thread may wait for room
                queue.get_nowait()
            thread.join(_PAUSE_SECONDS)
        if thread.is_alive():
            give_up()
        thread.join()


def _read(items: Iterator[T], queue: "Queue[T | _End]", abandoned: Event) -> None:
    end = _End()
    try:
        for item in items:
            if not _put(queue, item, abandoned):
                break
    except BaseException as error:  # noqa: BLE001 - raised again where the items are taken
        end = _End(error)
    finally:
        close = getattr(items, "close", None)
        if close is not None and abandoned.is_set():
            close()
    _put(queue, end, abandoned)


def _put(queue: "Queue[T | _End]", item: T | _End, abandoned: Event) -> bool:
    while not abandoned.is_set():
        with suppress(Full):
            queue.put(item, timeout=_PAUSE_SECONDS)
            return True
    return False


def _taken(queue: "Queue[T | _End]") -> Iterator[T]:
    while True:
        item = queue.get()
        if isinstance(item, _End):
            if item.error is not None:
                raise item.error
            return
        yield item

"""Serves MiniStack, with Lambda's way to replace the code of a function.

Run by the emulator's own Python: `python -P emulator_server.py ministack.app:app --bind ...`.

MiniStack ends the workers of a function whose code or configuration changes in the middle of their
calls, and deletes the files of those that are about to start. Lambda lets calls under way finish
with the code that they began with; so do the workers here.
"""

import sys
import time
from collections.abc import Sequence
from threading import Thread
from typing import Any

from hypercorn.__main__ import main
from ministack.core import lambda_runtime

LONGEST_CALL_SECONDS = 900
LOOK_SECONDS = 0.2

_kill_workers = lambda_runtime.kill_workers


def kill_idle_workers(workers: Sequence[Any]) -> None:
    """End workers that nobody calls any more: the idle ones now, the others after their call."""
    busy = [worker for worker in workers if worker is not None and worker.in_use]
    for worker in busy:
        Thread(target=_kill_after_call, args=(worker,), daemon=True).start()
    _kill_workers([worker for worker in workers if worker not in busy])


def _kill_after_call(worker: Any) -> None:  # noqa: ANN401 - MiniStack has no types
    last = time.monotonic() + LONGEST_CALL_SECONDS
    while worker.in_use and time.monotonic() < last:
        time.sleep(LOOK_SECONDS)
    _kill_workers([worker])


if __name__ == "__main__":
    lambda_runtime.kill_workers = kill_idle_workers
    sys.exit(main())

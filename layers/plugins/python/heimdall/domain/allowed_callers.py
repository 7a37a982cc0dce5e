"""Which commands are closed to a caller: those whose `allowed_callers` name others."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

from heimdall.domain.access import Caller
from heimdall.domain.command import Command
from heimdall.domain.tags import bits

_KNOWN_CALLERS = 1_000
_KNOWN_EXPRESSIONS = 4_096


class AllowedCallers:
    """The `allowed_callers` of many commands, looked through once for each caller.

    A set of commands is an int whose bit `i` stands for the `i`-th of them.
    """

    def __init__(self, commands: Sequence[Command]) -> None:
        lists: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for position, command in enumerate(commands):
            if command.allowed_callers:
                lists[command.allowed_callers].append(position)
        self._lists = [(each, bits(found, len(commands))) for each, found in lists.items()]
        self._known: dict[Caller, int] = {}

    def closed_to(self, caller: Caller) -> int:
        """Return the set of the commands that this caller may not run."""
        if not self._lists:
            return 0
        closed = self._known.get(caller)
        if closed is None:
            closed = 0
            for expressions, commands in self._lists:
                if not admits(expressions, caller):
                    closed |= commands
            if len(self._known) >= _KNOWN_CALLERS:
                self._known.clear()
            self._known[caller] = closed
        return closed


def admits(expressions: Iterable[str], caller: Caller) -> bool:
    """Whether one of the expressions matches the whole of the caller's name or subject."""
    return any(
        compiled.fullmatch(caller.user) or compiled.fullmatch(caller.subject)
        for compiled in map(_compiled, expressions)
    )


@lru_cache(maxsize=_KNOWN_EXPRESSIONS)
def _compiled(expression: str) -> re.Pattern[str]:
    try:
        return re.compile(expression)
    except re.error:
        return re.compile("(?!)")  # what cannot be read admits nobody

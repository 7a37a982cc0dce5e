"""Runs the command line in this process, before an API that a test scripts."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from heimdall_client._session import Outside
from heimdall_client.cli import main
from tests.unit.client.scripted_api import ScriptedApi


@dataclass(frozen=True)
class Outcome:
    code: int
    out: Any
    err: Any

    @property
    def lines(self) -> list[str]:
        lines: list[str] = self.out.splitlines()
        return lines


@dataclass
class CommandLine:
    """`run("status", "1")` is `heimdall status 1`; sleeping takes no time."""

    capture: pytest.CaptureFixture[Any]
    api: ScriptedApi = field(default_factory=ScriptedApi)
    now: float = 0.0

    def run(self, *arguments: str) -> Outcome:
        outside = Outside(self.api.transport, self._sleep, lambda: self.now)
        with pytest.raises(SystemExit) as ended:
            main(arguments, outside=outside)
        captured = self.capture.readouterr()
        code = ended.value.code or 0
        assert isinstance(code, int)
        return Outcome(code, captured.out, captured.err)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

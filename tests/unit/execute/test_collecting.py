"""What is made of errors that come up while what a run left is read."""

from typing import Any

import pytest

from functions.execute.collecting import RunParts, collected
from heimdall.domain.errors import (
    AccessLostError,
    PluginError,
    StoreThrottledError,
    TransientPluginError,
)
from heimdall.plugin.spec import RunHandle, RunReport, RunState
from tests.factories import make_running_job
from tests.fakes.files import InMemoryJobFiles

SUCCEEDED = RunReport(state=RunState.SUCCEEDED)


class Broken:
    """A plugin that cannot read what its runs left."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def collect(self, *_: Any) -> None:
        raise self._error


def collect(error: Exception) -> RunReport:
    plugin: Any = Broken(error)
    output = RunParts(make_running_job(), InMemoryJobFiles()).output
    return collected(plugin, RunHandle(values={}), SUCCEEDED, output)


def test_store_that_asks_to_slow_down_is_no_end_of_the_run():
    with pytest.raises(TransientPluginError, match="slow down"):
        collect(StoreThrottledError("S3 asks to slow down"))


@pytest.mark.parametrize("error", [AccessLostError("no"), TransientPluginError("later")])
def test_error_of_the_engine_that_may_pass_is_the_callers_to_judge(error):
    with pytest.raises(type(error)) as raised:
        collect(error)

    assert raised.value is error


@pytest.mark.parametrize("error", [PluginError("it is gone"), KeyError("it is gone")])
def test_other_error_fails_what_had_succeeded(error):
    report = collect(error)

    assert report.state is RunState.FAILED
    assert "the work succeeded, but what it left cannot be read" in str(report.detail)
    assert "it is gone" in str(report.detail)

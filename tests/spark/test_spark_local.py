"""The plugin spark-local with a real Spark: how it ends, and that runs are apart."""

import json
import os
import select
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heimdall.domain.failures import Failure
from heimdall.domain.result import ResultForm
from heimdall.plugin.spec import RunHandle, RunState
from heimdall.plugins.spark_local import supervisor
from heimdall.plugins.spark_local.directory import RunDirectory
from heimdall.plugins.spark_local.plugin import SparkLocalPlugin
from tests.e2e.api import wait_for
from tests.fakes.engines.bench import Output
from tests.fakes.engines.spark_local import wait_for_end
from tests.fakes.runs import make_identity, make_registry, make_run_request

FOREVER = "SELECT count(*) FROM range(0, 1000000000000, 1, 4) WHERE sha2(string(id), 512) = 'x'"
SECONDS, KILLED_SECONDS = 300.0, 5.0


class Machine:
    """The plugin and where its runs are."""

    def __init__(self, spark_submit: Path, directory: Path) -> None:
        self.plugin = SparkLocalPlugin()
        self._cluster = {
            "spark_submit": str(spark_submit),
            "directory": str(directory),
            "properties": {"spark.master": "local[2]"},
        }
        self._runs = 0
        self._handles: list[RunHandle] = []

    def start(self, query: str, **context: Any) -> RunHandle:
        self._runs += 1
        handle = self.plugin.start(
            make_run_request(
                "spark-local",
                registry=make_registry(),
                context={"query": query, **context},
                cluster_context=self._cluster,
                run=self._runs,
                identity=make_identity(run=self._runs),
            )
        )
        self._handles.append(handle)
        return handle

    def close(self) -> None:
        for handle in self._handles:
            self.plugin.cancel(handle)
            wait_for_end(handle.values)

    def ended(self, handle: RunHandle) -> tuple[Any, Output]:
        wait_for_end(handle.values, seconds=SECONDS)
        report, output = self.plugin.poll(handle), Output()
        self.plugin.collect(handle, report, output)
        return report, output


@pytest.fixture
def machine(spark_submit: Path, tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(spark_submit, tmp_path / "runs")
    yield machine
    machine.close()


def test_cancel_kills_the_jvm(machine):
    handle = machine.start(FOREVER)
    run = RunDirectory(Path(handle.values["directory"]))
    wait_for(
        lambda: (
            (run.path / "stderr").exists() and "Starting task" in (run.path / "stderr").read_text()
        ),
        seconds=SECONDS,
        what="Spark to work",
    )
    jvm = json.loads((run.path / supervisor.PROGRAM).read_text())["pid"]
    assert Path(f"/proc/{jvm}/exe").resolve().name == "java"
    family = members_of(jvm)

    with_ends = {pid: os.pidfd_open(pid) for pid in family}
    machine.plugin.cancel(handle)
    gone = {
        pid: bool(select.select([fd], [], [], KILLED_SECONDS)[0]) for pid, fd in with_ends.items()
    }
    for fd in with_ends.values():
        os.close(fd)

    assert len(family) > 1  # the JVM, and the Python that drives it
    assert all(gone.values())
    wait_for_end(handle.values)
    assert machine.plugin.poll(handle).state is RunState.CANCELED


def members_of(group: int) -> list[int]:
    """The processes of a group."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(") ")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(entry.parent.name))
    return found


def test_runs_at_the_same_time_do_not_see_each_other(machine):
    create = "CREATE TABLE mine USING parquet AS SELECT {} AS n"
    handles = [machine.start(create.format(number)) for number in (1, 2)]
    handles.append(machine.start("SHOW TABLES", return_result=True))

    ends = [machine.ended(handle) for handle in handles]

    assert [report.state for report, _ in ends] == [RunState.SUCCEEDED] * 3
    assert json.loads(ends[2][1].results[ResultForm.JSON])["data"] == []


def test_error_in_the_statement_is_told_in_sparks_words(machine):
    report, output = machine.ended(machine.start("SELECT nothing_of_that_name"))

    assert (report.state, report.failure) == (RunState.FAILED, Failure.USER_ERROR)
    assert "`nothing_of_that_name` cannot be resolved" in report.detail
    assert output.stdout.text.strip() == report.detail  # once, without the stack of the JVM


def test_result_beyond_the_commands_limit_fails(machine):
    report, output = machine.ended(
        machine.start("SELECT * FROM range(1000001)", return_result=True)
    )

    assert (report.state, report.failure) == (RunState.FAILED, Failure.USER_ERROR)
    assert "1,000,001 rows, more than the 1,000,000" in report.detail
    assert output.results == {}

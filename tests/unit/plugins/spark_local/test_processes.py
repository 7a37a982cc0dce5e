"""How a run's process is started once, watched, ended and never mistaken for another."""

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import HealthRequest, RunState
from heimdall.plugins.spark_local import supervisor
from tests.fakes.engines.spark_local import wait_for_end, wait_for_start
from tests.fakes.runs import make_identity


def in_directory(handle, name):
    return Path(handle.values["directory"]) / name


def test_program_gets_nothing_of_the_executors_environment(bench, program, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a secret of the executor")
    program("env > environment")
    handle = bench.start()
    wait_for_start(handle.values)

    lines = in_directory(handle, "environment").read_text().splitlines()

    names = {line.partition("=")[0] for line in lines}
    assert names - {"PWD", "_", "SHLVL", "OLDPWD"} <= {
        *("PATH", "HOME", "TMPDIR", "LANG", "LC_CTYPE", "SPARK_LOCAL_IP")
    }


def test_runs_share_neither_warehouse_nor_catalog_nor_temporary_files(bench):
    runs = [bench.start(), bench.start(run=2, identity=make_identity(run=2))]
    told = []
    for handle in runs:
        wait_for_start(handle.values)
        told.append(in_directory(handle, "stdout").read_text())

    for handle, arguments in zip(runs, told, strict=True):
        directory = handle.values["directory"]
        assert f"spark.sql.warehouse.dir=file://{directory}/warehouse" in arguments
        assert f"spark.local.dir={directory}/tmp" in arguments
        assert "spark.sql.catalogImplementation=in-memory" in arguments
        assert "spark.driver.bindAddress=127.0.0.1" in arguments
        assert "spark.ui.enabled=false" in arguments
        assert "spark.sql.ansi.enabled=true" in arguments
        assert in_directory(handle, "query.sql").read_text() == "SELECT 17 AS n"
    assert runs[0].values["directory"] not in told[1]


def test_starts_at_the_same_time_start_one_program(bench, program, monkeypatch):
    program("echo started >> starts")
    all_have_written, rename = Barrier(4), Path.replace

    def rename_together(draft, target):
        all_have_written.wait(timeout=60)
        return rename(draft, target)

    monkeypatch.setattr(Path, "replace", rename_together)
    with ThreadPoolExecutor(4) as threads:
        handles = list(threads.map(lambda _: bench.start(), range(4)))
    wait_for_start(handles[0].values)

    assert all(handle == handles[0] for handle in handles)
    assert in_directory(handles[0], "starts").read_text() == "started\n"


def test_what_ignores_sigterm_is_killed(bench, program):
    program("trap '' TERM")
    handle = bench.start()
    wait_for_start(handle.values)

    bench.plugin.cancel(handle)
    wait_for_end(handle.values)

    assert bench.plugin.poll(handle).state is RunState.CANCELED
    assert bench.driver.active() == 0


@pytest.mark.parametrize("end", ["succeed", "finish_cancel"])
def test_what_the_program_started_does_not_outlive_it(bench, program, end):
    program("sleep 1000 &\necho $! > sleeper")
    handle = bench.start()
    wait_for_start(handle.values)
    sleeper = int(in_directory(handle, "sleeper").read_text())
    born = supervisor.description(sleeper)
    assert supervisor.is_alive(born)

    if end == "finish_cancel":
        bench.plugin.cancel(handle)
    getattr(bench.driver, end)(handle.values)

    wait_for_end({"pid": str(sleeper)})
    assert not supervisor.is_alive(born)


def test_program_whose_supervisor_was_killed_is_ended_and_has_failed(bench):
    handle = bench.start()
    program = wait_for_start(handle.values)
    os.kill(int(handle.values["pid"]), signal.SIGKILL)
    wait_for_end(handle.values)

    first = bench.plugin.poll(handle)
    wait_for_end({"pid": str(program)})
    second = bench.plugin.poll(handle)

    assert (first.state, second.state) == (RunState.RUNNING, RunState.FAILED)
    assert second.failure is Failure.ENGINE_FAULT
    assert "has not said how it ended" in second.detail


def test_program_without_supervisor_can_be_canceled(bench):
    handle = bench.start()
    program = wait_for_start(handle.values)
    os.kill(int(handle.values["pid"]), signal.SIGKILL)
    wait_for_end(handle.values)

    bench.plugin.cancel(handle)

    wait_for_end({"pid": str(program)})
    assert bench.driver.active() == 0


def test_another_process_of_the_same_number_is_neither_watched_nor_killed(bench):
    handle = bench.start()
    bench.driver.fail(handle.values)
    in_directory(handle, supervisor.END).unlink()
    reused = json.dumps({"pid": os.getpid(), "born": "long ago"})
    for name in (supervisor.SUPERVISOR, supervisor.PROGRAM):
        in_directory(handle, name).write_text(reused)

    bench.plugin.cancel(handle)

    assert bench.plugin.poll(handle).state is RunState.FAILED
    assert bench.found() == []


def test_program_that_cannot_be_run_fails_with_the_reason(bench):
    Path(bench.driver.cluster_context["spark_submit"]).write_text("#!/nowhere/at/all\n")
    handle = bench.start()
    wait_for_end(handle.values)

    report = bench.plugin.poll(handle)

    assert (report.state, report.failure) == (RunState.FAILED, Failure.ENGINE_FAULT)
    assert "code 126" in report.detail or "code 127" in report.detail
    assert "not found" in report.detail


def test_missing_program_is_an_error_and_unhealthy(bench):
    bench.driver.cluster_context = {"spark_submit": "spark-submit-of-nowhere"}
    run = bench.run()

    with pytest.raises(PluginError, match="no program 'spark-submit-of-nowhere'"):
        bench.plugin.start(run)

    health = bench.plugin.health(
        HealthRequest(
            cluster=run.cluster,
            cluster_options=run.cluster_options,
            seconds_left=1.0,
            identity=run.identity,
        )
    )
    assert not health.is_healthy
    assert "spark-submit-of-nowhere" in health.detail


def test_place_where_no_directory_can_be_made_is_an_error(bench, tmp_path):
    (tmp_path / "file").write_text("")
    bench.driver.cluster_context = {
        **bench.driver.cluster_context,
        "directory": str(tmp_path / "file" / "runs"),
    }

    with pytest.raises(PluginError, match="preparing the run's directory"):
        bench.start()


def test_run_whose_start_was_never_finished_is_started(bench):
    path = Path(bench.driver.cluster_context["directory"]) / make_identity().work_name
    path.mkdir(parents=True)
    (path / "query.sql").write_text("half of a qu")

    handle = bench.start()

    assert in_directory(handle, "query.sql").read_text() == "SELECT 17 AS n"
    assert bench.plugin.poll(handle).state is RunState.RUNNING

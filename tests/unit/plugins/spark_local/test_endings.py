"""What is made of what an ended run left."""

import json
import os
from pathlib import Path

import pytest

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.domain.result import ResultForm
from heimdall.plugin.spec import RunState
from heimdall.plugins.spark_local import directory, supervisor
from tests.fakes.engines.spark_local import PART, RESULT
from tests.fakes.runs import make_identity

OK = {"ok": True, "rows": 0, "bytes": 0}
USERS = {"ok": False, "failure": "user_error", "message": "[PARSE_SYNTAX_ERROR] near 'selec'"}
ENGINES = {"ok": False, "failure": "engine_fault", "message": "SparkContext was shut down"}


@pytest.mark.parametrize(
    ("code", "stopped", "report", "state", "failure"),
    [
        (0, False, OK, RunState.SUCCEEDED, None),
        (0, True, OK, RunState.SUCCEEDED, None),
        (0, False, None, RunState.FAILED, Failure.ENGINE_FAULT),
        (0, False, USERS, RunState.FAILED, Failure.ENGINE_FAULT),
        (1, False, OK, RunState.FAILED, Failure.ENGINE_FAULT),
        (1, False, USERS, RunState.FAILED, Failure.USER_ERROR),
        (1, True, USERS, RunState.FAILED, Failure.USER_ERROR),
        (1, False, ENGINES, RunState.FAILED, Failure.ENGINE_FAULT),
        (1, True, ENGINES, RunState.CANCELED, None),
        (143, True, OK, RunState.CANCELED, None),
        (-9, True, None, RunState.CANCELED, None),
        (-9, False, None, RunState.FAILED, Failure.ENGINE_FAULT),
    ],
)
def test_end_is_made_of_code_and_report(bench, code, stopped, report, state, failure):
    handle = bench.start()
    bench.driver.fail(handle.values)
    path = Path(handle.values["directory"])
    end = {"ending": supervisor.EXITED, "code": code, "stopped": stopped}
    (path / supervisor.END).write_text(json.dumps(end))
    if report is not None:
        (path / "output" / "report.json").write_text(json.dumps(report))

    found = bench.plugin.poll(handle)

    assert (found.state, found.failure) == (state, failure)


def test_users_error_is_told_in_sparks_words(bench):
    handle = bench.start()

    report = bench.ended(handle, "fail_as_user")

    assert report.detail == "[TABLE_OR_VIEW_NOT_FOUND] nope"


def test_end_without_a_report_is_told_with_sparks_last_words(bench):
    handle = bench.start()

    report = bench.ended(handle, "fail")

    assert report.detail == "spark-submit ended with code 3: Spark says hello"


@pytest.mark.parametrize(
    ("stderr", "stdout", "words"),
    [
        ("bad\n26/11/22 INFO ShutdownHookManager: Deleting\n\n", "x\n", "bad"),
        (
            "26/11/22 INFO A\nWARNING: B\n26/11/22 WARN C\n",
            "Traceback\nKeyError: 1\n",
            "KeyError: 1",
        ),
        ("26/11/22 INFO A\n", "", "it says nothing"),
    ],
)
def test_last_words_are_those_that_tell_of_trouble(bench, stderr, stdout, words):
    handle = bench.start()
    bench.driver.fail(handle.values)
    path = Path(handle.values["directory"])
    (path / "stderr").write_text(stderr)
    (path / "stdout").write_text(stdout)

    assert bench.plugin.poll(handle).detail == f"spark-submit ended with code 3: {words}"


def test_result_and_logs_are_collected_twice_alike(bench):
    handle = bench.start()
    bench.driver.succeed(handle.values)

    for output in (bench.collect(handle), bench.collect(handle)):
        assert output.results == {ResultForm.JSON: RESULT, ResultForm.PARQUET: b"PAR1"}
        assert output.stderr.text == "Spark says hello\n"
        assert "wrapper.py --query file:/" in output.stdout.text


def test_failed_run_has_logs_and_no_result(bench):
    handle = bench.start()
    bench.driver.fail_as_user(handle.values)

    output = bench.collect(handle)

    assert output.results == {}
    assert output.stderr.text == "Spark says hello\n"


def test_result_that_was_deleted_is_an_error(bench):
    handle = bench.start()
    bench.driver.succeed(handle.values)
    (Path(handle.values["directory"]) / "output" / PART).unlink()

    with pytest.raises(PluginError, match="is gone"):
        bench.collect(handle)


def test_long_log_is_cut_at_its_beginning_and_says_so(bench, program, monkeypatch):
    monkeypatch.setattr(directory, "MAX_LOG_BYTES", 10)
    handle = bench.start()
    bench.driver.fail(handle.values)

    assert bench.collect(handle).stderr.text == "[the first 7 bytes are left out]\nays hello\n"


def test_what_spark_needed_while_it_ran_is_deleted_at_its_end(bench):
    handle = bench.start()
    path = Path(handle.values["directory"])
    (path / "tmp" / "spill").write_text("x")

    bench.driver.succeed(handle.values)

    assert not (path / "tmp").exists()
    assert not (path / "warehouse").exists()


def test_what_a_run_left_is_deleted_a_day_after_its_end(bench):
    handle = bench.start()
    bench.driver.succeed(handle.values)
    end = Path(handle.values["directory"]) / supervisor.END

    bench.start(run=2, identity=make_identity(run=2))
    assert end.exists()
    os.utime(end, (0, end.stat().st_mtime - directory.KEPT_SECONDS - 1))
    bench.start(run=3, identity=make_identity(run=3))

    assert not end.parent.exists()
    with pytest.raises(PluginError, match="is gone"):
        bench.plugin.poll(handle)

"""The noop plugin: does what it is told."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from heimdall.domain.errors import TransientPluginError
from heimdall.plugin.spec import RunReport, RunState, StopReason
from heimdall.plugins.noop.options import MAX_DELAY_SECONDS, MAX_OUTPUT_BYTES, JobOptions
from heimdall.plugins.noop.plugin import CRASH_EXIT_CODE, NoopPlugin
from tests.fakes.runs import FakeStopSignal, in_background, make_run_request


def run_noop(context=None, **changes):
    run = make_run_request("noop", context=context, **changes)
    return NoopPlugin().start(run), run


def payload_bytes(report):
    result = json.loads(report.result.to_json())
    assert result["columns"] == [{"name": "payload_bytes", "type": "int"}]
    [[size]] = result["data"]
    return size


def test_start_succeeds_by_default():
    report, run = run_noop()

    assert report.state is RunState.SUCCEEDED
    assert payload_bytes(report) == 0
    assert run.stdout.data == run.stderr.data == b""


def test_start_fails_on_request():
    report, _ = run_noop({"outcome": "failed"})

    assert report == RunReport(state=RunState.FAILED, detail="noop was asked to fail")


@pytest.mark.parametrize("outcome", ["succeeded", "failed"])
def test_outputs_are_told_as_asked(outcome):
    report, _ = run_noop({"outcome": outcome, "outputs": {"url": "https://x"}})

    assert report.outputs == {"url": "https://x"}


@pytest.mark.parametrize(
    ("payload", "size"),
    [
        (None, 4),
        ("", 2),
        ({}, 2),
        ([1, 2.5, True], 12),
        ({"a": {"b": []}}, 14),
        ("é", 4),
        ("🛡", 6),
        ("\ud83d", 5),
        ('"\n', 6),
        ("x" * 3_000_000, 3_000_002),
    ],
)
def test_result_is_the_size_of_the_payload(payload, size):
    report, _ = run_noop({"payload": payload})

    assert payload_bytes(report) == size


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_result_is_the_size_of_any_payload(payload):
    report, _ = run_noop({"payload": payload})

    compact = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    assert payload_bytes(report) == len(compact.encode())


@pytest.mark.parametrize("size", [1, 63, 64, 65, 65_536, 65_537, 1_000_000])
def test_output_has_the_size_asked_for(size):
    _, run = run_noop({"output_bytes": size})

    assert len(run.stdout.data) == size
    assert run.stderr.data == b""


def test_output_is_lines_that_tell_their_offset():
    _, run = run_noop({"output_bytes": 64 * 3_000})

    lines = run.stdout.text.splitlines(keepends=True)
    assert {len(line) for line in lines} == {64}
    assert [int(line.split()[1]) for line in lines] == list(range(3_000))


def test_output_comes_in_pieces():
    _, run = run_noop({"output_bytes": 1_000_000})

    assert 10 < run.stdout.writes < 20


def test_stop_ends_the_delay():
    run = make_run_request("noop", context={"delay_seconds": MAX_DELAY_SECONDS, "output_bytes": 1})

    report = in_background(NoopPlugin().start, run)
    run.stdout.wait_for_data()
    run.stop.set(StopReason.DEADLINE)

    assert report.result(timeout=30) == RunReport(
        state=RunState.CANCELED, detail="stopped: deadline"
    )


@pytest.mark.parametrize("context", [{}, {"output_bytes": 1_000_000}, {"fault": "error"}])
def test_start_does_nothing_when_it_has_to_stop_already(context):
    report, run = run_noop(context, stop=FakeStopSignal(StopReason.CANCELED))

    assert report.state is RunState.CANCELED
    assert run.stdout.data == b""


def test_start_fails_when_the_delay_is_longer_than_its_time():
    report, _ = run_noop({"delay_seconds": 60}, seconds_left=0.05)

    assert report == RunReport(
        state=RunState.FAILED, detail="the delay is longer than a run may take"
    )


def test_fault_error_is_one_that_no_plugin_should_raise():
    with pytest.raises(RuntimeError, match="asked to fail unexpectedly"):
        run_noop({"fault": "error"})


def test_fault_transient_says_that_the_engine_is_out_of_reach():
    with pytest.raises(TransientPluginError):
        run_noop({"fault": "transient"})


def test_fault_crash_ends_the_process():
    script = textwrap.dedent("""
        from heimdall.plugins.noop.plugin import NoopPlugin
        from tests.fakes.runs import make_run_request

        NoopPlugin().start(make_run_request("noop", context={"fault": "crash"}))
    """)

    ended = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[3], check=False
    )

    assert ended.returncode == CRASH_EXIT_CODE


@pytest.mark.parametrize(
    ("context", "field"),
    [
        ({"outcome": "canceled"}, "outcome"),
        ({"delay_seconds": -1}, "delay_seconds"),
        ({"delay_seconds": MAX_DELAY_SECONDS + 1}, "delay_seconds"),
        ({"delay_seconds": float("nan")}, "delay_seconds"),
        ({"delay_seconds": "1"}, "delay_seconds"),
        ({"delay_seconds": True}, "delay_seconds"),
        ({"output_bytes": 1.5}, "output_bytes"),
        ({"output_bytes": MAX_OUTPUT_BYTES + 1}, "output_bytes"),
        ({"fault": None}, "fault"),
        ({"outputs": ["x"]}, "outputs"),
        ({"sleep": 1}, "sleep"),
    ],
)
def test_options_name_the_field_that_is_wrong(context, field):
    with pytest.raises(ValidationError) as raised:
        JobOptions.model_validate(context)

    assert [error["loc"] for error in raised.value.errors()] == [(field,)]

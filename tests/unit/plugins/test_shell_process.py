"""The shell plugin's processes: all of them end, nothing they wrote is lost."""

import hashlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from heimdall.domain.errors import StoreThrottledError
from heimdall.plugin.spec import RunReport, RunState, StopReason
from heimdall.plugins.shell.plugin import ShellPlugin
from tests.fakes.runs import in_background, make_run_request

LONG_SECONDS = 60
"""What a program sleeps that a test ends: a test that waits for it has failed."""


def make_shell_run(*argv, **changes):
    return make_run_request("shell", context={"arguments": list(argv)}, **changes)


def start(run):
    """Start the run, and fail rather than wait for its program to end by itself."""
    return start_in_background(run).result(timeout=30)


def start_in_background(run):
    return in_background(ShellPlugin().start, run)


def start_and_stop(run, reason=StopReason.CANCELED):
    """Stop the run once it has written something; give the report and the seconds that took."""
    report = start_in_background(run)
    run.stdout.wait_for_data()
    stopped_at = time.monotonic()
    run.stop.set(reason)
    return report.result(timeout=30), time.monotonic() - stopped_at


def is_alive(pid):
    """Tell whether a process runs; one that nobody buried yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def pids_in(stream):
    return [int(line) for line in stream.text.split()]


FAMILY = f"""
echo $$
sh -c 'echo $$; sh -c "echo \\$\\$; exec sleep {LONG_SECONDS}" & wait' &
wait
"""
"""A program, its child and its grandchild, which print their process ids and sleep."""


def test_stop_ends_the_whole_family():
    run = make_shell_run("sh", "-c", FAMILY + "\nwait")

    report = start_in_background(run)
    while len(run.stdout.text.split()) < 3:
        time.sleep(0.01)
    family = pids_in(run.stdout)
    alive_before = [is_alive(pid) for pid in family]
    run.stop.set(StopReason.CANCELED)

    assert report.result(timeout=30) == RunReport(
        state=RunState.CANCELED, detail="stopped: canceled"
    )
    assert alive_before == [True, True, True]
    assert [is_alive(pid) for pid in family] == [False, False, False]


def test_stop_takes_no_longer_when_the_program_ignores_sigterm():
    run = make_shell_run(
        "sh", "-c", f"trap '' TERM; echo $$; while :; do sleep {LONG_SECONDS}; done"
    )

    report, seconds = start_and_stop(run)

    assert report.state is RunState.CANCELED
    assert seconds < 3
    assert not is_alive(*pids_in(run.stdout))


def test_stop_lets_the_program_clean_up():
    run = make_shell_run(
        "sh", "-c", f"trap 'echo bye; exit 0' TERM; echo hi; sleep {LONG_SECONDS} & wait"
    )

    report, _ = start_and_stop(run, StopReason.DEADLINE)

    assert report == RunReport(state=RunState.CANCELED, detail="stopped: deadline")
    assert run.stdout.text == "hi\nbye\n"


def test_stop_lets_a_child_clean_up_although_its_parent_is_gone():
    child = "trap 'sleep 0.2; echo bye; exit 0' TERM; echo hi; while :; do sleep 0.05; done"
    run = make_shell_run("sh", "-c", f"sh -c '{child.replace(chr(39), chr(34))}'; true")

    start_and_stop(run)

    assert run.stdout.text == "hi\nbye\n"


def test_start_ends_the_family_when_its_time_is_over():
    run = make_shell_run("sh", "-c", FAMILY, seconds_left=0.5)

    report = start(run)

    assert report == RunReport(
        state=RunState.FAILED, detail="still running after 0.5 s, all the time that it had"
    )
    assert [is_alive(pid) for pid in pids_in(run.stdout)] == [False, False, False]


@pytest.mark.parametrize("redirection", ["", ">/dev/null 2>&1"])
def test_start_ends_children_that_stay_behind(redirection):
    run = make_shell_run("sh", "-c", f"sleep {LONG_SECONDS} {redirection} & echo $!")

    report = start(run)

    assert report.state is RunState.SUCCEEDED
    assert not is_alive(*pids_in(run.stdout))


def test_start_does_not_wait_for_a_process_that_left_the_group_and_keeps_the_streams():
    leaver = textwrap.dedent(f"""
        import os, time
        if os.fork() == 0:
            os.setsid()
            print(os.getpid(), flush=True)
            time.sleep({LONG_SECONDS})
        else:
            time.sleep(0.5)
    """)
    run = make_shell_run(sys.executable, "-c", leaver)

    report = start(run)

    [pid] = pids_in(run.stdout)
    os.kill(pid, signal.SIGKILL)
    assert report.state is RunState.SUCCEEDED


def test_start_does_not_listen_forever_to_a_process_that_left_the_group():
    chatterbox = textwrap.dedent(f"""
        import os, time
        if os.fork() == 0:
            os.setsid()
            print(f"{{os.getpid():<12}}", flush=True)
            until = time.monotonic() + {LONG_SECONDS}
            while time.monotonic() < until:
                os.write(1, b"x" * 65536)
        else:
            time.sleep(0.5)
    """)
    run = make_shell_run(sys.executable, "-c", chatterbox)

    report = start(run)

    with suppress(ProcessLookupError):  # its pipe is closed by now
        os.kill(int(run.stdout.data[:12]), signal.SIGKILL)
    assert report.state is RunState.SUCCEEDED


def test_streams_can_be_read_while_the_program_runs():
    run = make_shell_run("sh", "-c", f"echo first; sleep {LONG_SECONDS}")

    report = start_in_background(run)

    assert run.stdout.wait_for_data() == b"first\n"
    assert not report.done()
    run.stop.set()
    assert report.result(timeout=30).state is RunState.CANCELED


def test_streams_lose_nothing_of_a_large_output():
    size = 50_000_000
    script = textwrap.dedent(f"""
        import hashlib, os, random, sys
        data = random.Random(7).randbytes({size})
        sys.stdout.buffer.write(data)
        sys.stderr.write(hashlib.sha256(data).hexdigest())
    """)
    run = make_shell_run(sys.executable, "-c", script)

    report = start(run)

    assert report.state is RunState.SUCCEEDED
    assert len(run.stdout.data) == size
    assert hashlib.sha256(run.stdout.data).hexdigest() == run.stderr.text


def test_streams_keep_what_was_written_just_before_the_end():
    size = 60_000
    run = make_shell_run("sh", "-c", f"head -c {size} /dev/zero; kill -9 $$")

    report = start(run)

    assert report.detail == "killed by signal SIGKILL"
    assert run.stdout.data == bytes(size)


def test_streams_take_any_byte():
    run = make_shell_run("printf", "".join(f"\\{byte:03o}" for byte in range(256)))

    start(run)

    assert run.stdout.data == bytes(range(256))


def test_a_program_may_close_its_streams_and_go_on():
    report = start(make_shell_run("sh", "-c", "exec >&- 2>&-; sleep 0.3; exit 4"))

    assert report.detail == "exited with code 4"


class ThrottledStream:
    """A stream whose store cannot keep up."""

    def write(self, data):
        raise StoreThrottledError("slow down")


def test_start_ends_the_program_when_its_output_cannot_be_kept():
    run = make_shell_run(
        "sh", "-c", f"echo $$; echo lost >&2; exec sleep {LONG_SECONDS}", stderr=ThrottledStream()
    )

    with pytest.raises(StoreThrottledError):
        start(run)

    assert not any(is_alive(pid) for pid in pids_in(run.stdout))


def test_the_program_cannot_read_what_its_executor_knows():
    """Shown as an ordinary user, since root may read everything; the control shows the danger."""
    script = textwrap.dedent("""
        import ctypes, os, subprocess, sys, tempfile
        from pathlib import Path

        from heimdall.plugins.shell.plugin import ShellPlugin
        from tests.fakes.runs import in_background, make_run_request

        PR_GET_DUMPABLE, PR_SET_DUMPABLE = 3, 4
        read = "cat /proc/$PPID/environ && echo readable || echo unreadable"
        run = make_run_request("shell", context={"arguments": ["sh", "-c", read]})
        plugin = ShellPlugin()
        tempfile.tempdir = sys.argv[1]
        if os.getuid() == 0:
            os.chown(sys.argv[1], 65534, 65534)
            os.setgid(65534)
            os.setuid(65534)
        os.chdir("/")
        prctl = ctypes.CDLL(None).prctl
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)
        control = subprocess.run(["sh", "-c", read], capture_output=True)
        assert b"CREDENTIAL=hunter2" in control.stdout, control
        plugin.start(run)
        assert prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0
        print(run.stdout.text)
    """)

    with TemporaryDirectory() as directory:  # pytest's own are closed to other users
        shown = subprocess.run(
            [sys.executable, "-c", script, directory],
            env={**os.environ, "CREDENTIAL": "hunter2"},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=False,
        )

    assert (shown.stdout.strip(), shown.stderr) == ("unreadable", "")

"""The shell plugin: what a job's program is given, and what its end means."""

import json
import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from heimdall.domain.errors import PluginError
from heimdall.plugin.spec import RunReport, RunState, StopReason
from heimdall.plugins.shell.options import OPTIONS, CommandOptions, JobOptions
from heimdall.plugins.shell.plugin import SEARCH_PATH, ShellPlugin
from tests.fakes.runs import FakeStopSignal, make_run_request


def run_shell(*argv, **changes):
    run = make_run_request("shell", context={"arguments": list(argv)}, **changes)
    return ShellPlugin().start(run), run


def run_script(script, **changes):
    return run_shell("sh", "-c", script, **changes)


@pytest.fixture(autouse=True)
def temporary_root(tmp_path, monkeypatch):
    """Let working directories be made where the test can see what is left of them."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_start_succeeds_and_copies_both_streams():
    report, run = run_script("echo out; echo err >&2")

    assert report == RunReport(state=RunState.SUCCEEDED)
    assert (run.stdout.text, run.stderr.text) == ("out\n", "err\n")


def test_start_appends_the_jobs_arguments_to_the_command():
    _, run = run_shell("two words", "$HOME", "", command_context={"command": ["printf", "<%s>"]})

    assert run.stdout.text == "<two words><$HOME><>"


@pytest.mark.parametrize("code", [1, 2, 127, 255])
def test_start_reports_the_exit_code(code):
    report, _ = run_script(f"exit {code}")

    assert report == RunReport(state=RunState.FAILED, detail=f"exited with code {code}")


@pytest.mark.parametrize("name", ["KILL", "TERM", "SEGV"])
def test_start_names_the_signal_that_killed_the_program(name):
    report, _ = run_script(f"kill -{name} $$")

    assert report == RunReport(state=RunState.FAILED, detail=f"killed by signal SIG{name}")


def test_start_gives_the_number_of_a_signal_without_a_name():
    report, _ = run_script("kill -40 $$")

    assert report.detail == "killed by signal 40"


def test_start_gives_an_empty_working_directory_and_removes_it(temporary_root):
    report, run = run_script("pwd; ls -A; mkdir -p a/b; touch a/b/c; chmod 500 a; exit 3")

    directory, *content = run.stdout.text.splitlines()
    assert report.detail == "exited with code 3"
    assert Path(directory).parent == temporary_root.resolve()
    assert content == ["context.json"]
    assert list(temporary_root.iterdir()) == []


def test_start_keeps_the_working_directory_from_other_users():
    _, run = run_script("ls -ld .")

    assert run.stdout.text.startswith("drwx------")


def test_start_removes_the_working_directory_when_the_program_cannot_run(temporary_root):
    with pytest.raises(PluginError):
        run_shell("no-such-program")

    assert list(temporary_root.iterdir()) == []


def test_start_builds_the_environment_from_nothing(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("HEIMDALL_BUCKET", "bucket")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/var/lang/lib")
    monkeypatch.setenv("PYTHONPATH", "/opt/python")
    _, run = run_shell("env")
    _, where = run_script("pwd")

    environment = dict(line.split("=", 1) for line in run.stdout.text.splitlines())
    assert environment.keys() == {"PATH", "HOME", "TMPDIR", "LANG"}
    assert environment["PATH"] == SEARCH_PATH
    assert environment["LANG"] == "C.UTF-8"
    assert environment["HOME"] == environment["TMPDIR"]
    assert Path(environment["HOME"]).parent == Path(where.stdout.text.strip()).parent


def test_start_gives_an_empty_stdin():
    report, run = run_shell("cat")

    assert report.state is RunState.SUCCEEDED
    assert run.stdout.data == b""


def test_start_passes_no_open_file_on():
    with Path(__file__).open() as opened:
        os.set_inheritable(opened.fileno(), True)
        _, run = run_script(f"[ -e /dev/fd/{opened.fileno()} ] && echo open || echo closed")

    assert run.stdout.text == "closed\n"


def test_start_writes_the_contexts_without_secrets():
    _, run = run_shell(
        "cat",
        "context.json",
        command_context={"command": []},
        cluster_context={"host": "db", "login": {"user": "ada", "password": "hunter2"}},
        run=2,
    )

    assert json.loads(run.stdout.text) == {
        "job": {
            "id": run.job_id,
            "run": 2,
            "user": "ada",
            "context": {"arguments": ["cat", "context.json"]},
        },
        "command": {
            "id": "command-1",
            "name": "command",
            "version": "1",
            "context": {"command": []},
        },
        "cluster": {
            "id": "cluster-1",
            "name": "cluster",
            "version": "1",
            "context": {"host": "db", "login": {"user": "ada", "password": "[removed]"}},
        },
    }


def test_start_refuses_contexts_that_are_nested_too_deeply():
    context: dict[str, object] = {}
    for _ in range(5_000):
        context = {"deeper": context}

    with pytest.raises(PluginError, match="nested too deeply"):
        run_shell("true", cluster_context=context)


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["no-such-program"], "'no-such-program' cannot be run: no such file or directory"),
        (["/"], "'/' cannot be run: permission denied"),
        (["./context.json"], "'./context.json' cannot be run: permission denied"),
        (["true", "x" * 3_000_000], "'true' cannot be run: argument list too long"),
        ([], "there is nothing to run: command and arguments are both empty"),
        ([""], "there is nothing to run: the name of the program is empty"),
    ],
)
def test_start_names_the_program_that_cannot_run(argv, reason):
    with pytest.raises(PluginError) as raised:
        run_shell(*argv)

    assert str(raised.value) == reason


def test_start_runs_nothing_when_it_has_to_stop_already(tmp_path):
    proof = tmp_path / "proof"
    report, _ = run_shell("touch", str(proof), stop=FakeStopSignal(StopReason.CANCELED))

    assert report == RunReport(state=RunState.CANCELED, detail="stopped: canceled")
    assert not proof.exists()


@pytest.mark.parametrize(
    ("job", "command"), [(["ls"], []), ([], ["ls"]), (["-l"], ["ls"]), (["", "\n"], ["ls"])]
)
def test_check_accepts_what_names_a_program(job, command):
    OPTIONS.check(JobOptions(arguments=job), CommandOptions(command=command), None)


@pytest.mark.parametrize(("job", "command"), [([], []), ([""], []), (["x"], [""])])
def test_check_refuses_what_names_no_program(job, command):
    with pytest.raises(ValueError, match="there is nothing to run"):
        OPTIONS.check(JobOptions(arguments=job), CommandOptions(command=command), None)


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["ls", "a\0b"], ("arguments", 1)),
        (["\ud83d"], ("arguments", 0)),
        (["ls", 1], ("arguments", 1)),
        (["ls", None], ("arguments", 1)),
        ("ls -l", ("arguments",)),
        ({"0": "ls"}, ("arguments",)),
    ],
)
def test_options_refuse_what_no_program_can_be_given(arguments, path):
    with pytest.raises(ValidationError) as raised:
        JobOptions.model_validate({"arguments": arguments})

    assert [error["loc"] for error in raised.value.errors()] == [path]


def test_options_accept_emoji_and_control_characters():
    _, run = run_shell("printf", "%s", "🛡️\t\x1b[0m")

    assert run.stdout.text == "🛡️\t\x1b[0m"

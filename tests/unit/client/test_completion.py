import pytest

from tests.unit.client.command_line import CommandLine

SHELLS = ("bash", "zsh", "fish")


@pytest.fixture(params=SHELLS)
def complete(request, line: CommandLine, monkeypatch):
    """`complete("heimdall sub")` asks as the shell does when somebody presses Tab."""
    shell = request.param

    def complete(typed: str) -> str:
        monkeypatch.setenv("_HEIMDALL_COMPLETE", f"complete_{shell}")
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", typed)
        monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
        monkeypatch.setenv("COMP_WORDS", typed)
        monkeypatch.setenv("COMP_CWORD", str(len(typed.split(" ")) - 1))
        return str(line.run().out)

    return complete


@pytest.mark.parametrize(
    ("typed", "offered", "not_offered"),
    [
        ("heimdall ", ("submit", "jobs", "rollback", "health", "audit"), ()),
        ("heimdall re", ("result", "revision"), ("submit",)),
        ("heimdall submit --id", ("--idempotency-key",), ("--dry-run",)),
        ("heimdall jobs --status C", ("CANCELED", "CANCELING"), ("FAILED",)),
        ("heimdall jobs --status ca", ("CANCELED", "CANCELING"), ("FAILED",)),
        ("heimdall jobs --order-by ", ("id", "created_at", "updated_at"), ()),
        ("heimdall jobs --direction d", ("desc",), ("asc",)),
        ("heimdall result 1 --format ", ("table", "json", "csv", "parquet", "arrow"), ()),
        ("heimdall audit --outcome r", ("refused",), ("done",)),
        ("heimdall show c", ("command", "cluster"), ("binding", "policy")),
        ("heimdall bindings --status in", ("INACTIVE",), ("DELETED",)),
    ],
)
def test_shell_completes_commands_options_and_values(complete, typed, offered, not_offered):
    found = complete(typed)

    assert [word for word in offered if word not in found] == []
    assert [word for word in not_offered if word in found] == []


def test_completing_asks_no_api(complete, line):
    complete("heimdall status ")

    assert line.api.requests == []


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_can_be_shown(line, monkeypatch, shell):
    monkeypatch.setattr("shellingham.detect_shell", lambda: (shell, shell))

    outcome = line.run("--show-completion")

    assert outcome.code == 0
    assert "_HEIMDALL_COMPLETE" in outcome.out


def test_completion_can_be_installed(line, monkeypatch, tmp_path):
    monkeypatch.setattr("shellingham.detect_shell", lambda: ("bash", "bash"))
    monkeypatch.setenv("HOME", str(tmp_path))

    outcome = line.run("--install-completion")

    installed = tmp_path / ".bash_completions" / "heimdall.sh"
    assert outcome.code == 0
    assert "_HEIMDALL_COMPLETE=complete_bash" in installed.read_text()
    assert str(installed) in (tmp_path / ".bashrc").read_text()

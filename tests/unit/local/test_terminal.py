import subprocess

import pytest

from local.errors import LocalError
from local.ports import parse_port
from local.terminal import child_environment, curl_line, shell_exports


def test_curl_line_is_the_one_of_heimdalls_readme():
    assert curl_line("http://127.0.0.1:9090") == (
        'curl -X POST -H "X-Heimdall-User: test_user" -H "Content-Type: application/json" '
        '-d \'{"name":"ping-test","version":"0.0.1","context":{},'
        '"command_criteria":["type:ping"],"cluster_criteria":["type:localhost"]}\' '
        "http://127.0.0.1:9090/api/v1/job"
    )


def test_shell_exports_survive_a_shell():
    awkward = "it's $HOME and `this`"
    script = f'{shell_exports({"AWS_SECRET": awkward})}printf %s "$AWS_SECRET"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout == awkward


def test_child_environment_is_free_of_the_shells_aws(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")

    environment = child_environment(HEIMDALL_URL="http://127.0.0.1:1")

    assert not [name for name in environment if name in ("AWS_PROFILE", "AWS_SESSION_TOKEN")]
    assert environment["HEIMDALL_URL"] == "http://127.0.0.1:1"


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "80.5", "", "٣"])
def test_port_that_is_none_is_refused_with_the_settings_name(text: str):
    with pytest.raises(LocalError, match="HEIMDALL_PORT"):
        parse_port(text, name="HEIMDALL_PORT")


def test_port_is_read():
    assert parse_port("9090", name="HEIMDALL_PORT") == 9090

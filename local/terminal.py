"""What a person at the terminal sees, and the environment of programs started for them."""

import os
import shlex
import sys
from collections.abc import Mapping

FOREIGN = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL")
SEED_BODY = (
    '{"name":"ping-test","version":"0.0.1","context":{},'
    '"command_criteria":["type:ping"],"cluster_criteria":["type:localhost"]}'
)


def say(line: str) -> None:
    """Tell the person what is happening, at once also through a pipe; if nobody reads, go on."""
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def curl_line(url: str) -> str:
    """The first job to try: the ping of Heimdall's README."""
    return (
        'curl -X POST -H "X-Heimdall-User: test_user" -H "Content-Type: application/json" '
        f"-d '{SEED_BODY}' {url}/api/v1/job"
    )


def child_environment(**changes: str) -> dict[str, str]:
    """The environment of a program that talks to this machine only, whatever the shell says."""
    kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return {**kept, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **changes}


def shell_exports(variables: Mapping[str, str]) -> str:
    """Lines for `source` in a POSIX shell."""
    exports = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join(
        [
            "# For a second terminal: source .local/env",
            "unset AWS_PROFILE AWS_SESSION_TOKEN",
            *exports,
            "",
        ]
    )

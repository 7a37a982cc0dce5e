"""The command line of the local environment: python -m local run|up|down|status."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import NoReturn

from local.environment import Environment
from local.errors import LocalError
from local.layout import DEFAULT_DIRECTORY, ROOT
from local.ports import parse_port
from local.terminal import curl_line, say

DEFAULT_PORT = "9090"
PORT_VARIABLE = "HEIMDALL_PORT"
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What was begun is put in order, also where a shell told its background jobs to ignore them."""


def run(environment: Environment) -> int:
    """Keep the environment in the foreground until Ctrl-C, SIGTERM or the end of a process."""
    environment.start()
    try:
        _introduce(environment)
        say("Ctrl-C stops it; its jobs are kept.")
        while environment.is_running():
            time.sleep(1)
        crashed = environment.crashed()
    except KeyboardInterrupt:
        crashed = []
        say("")
    finally:
        for number in ENDINGS:
            signal.signal(number, signal.SIG_IGN)
        down(environment)
    if crashed:
        raise LocalError(f"it ended by itself; see {', '.join(map(str, crashed))}")
    return 0


def up(environment: Environment) -> int:
    """Start the environment in the background; return when a job can be submitted."""
    if not environment.start():
        say("the local environment is running already")
    _introduce(environment)
    say("make down stops it; its jobs are kept.")
    return 0


def down(environment: Environment) -> int:
    """Stop the environment, whoever started it."""
    say("stopped; its jobs are kept" if environment.stop() else "nothing is running")
    return 0


def status(environment: Environment) -> int:
    """Say what runs and where."""
    gateway, emulator = environment.gateway, environment.emulator
    shown = f"at {environment.url}, process {gateway.pid}" if gateway.pid else "stopped"
    say(f"gateway: {shown}")
    shown = f"at {emulator.endpoint}, process {emulator.pid}" if emulator.pid else "stopped"
    say(f"emulator of AWS: {shown}")
    say(f"logs: {_shown(environment, 'logs')}")
    return 0 if environment.is_running() else 1


COMMANDS: Mapping[str, Callable[[Environment], int]] = {
    "run": run,
    "up": up,
    "down": down,
    "status": status,
}


def main() -> int:
    """Carry out one command; what a person must know of a failure goes to stderr."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument(
        "--directory",
        type=Path,
        default=DEFAULT_DIRECTORY,
        help="where its state, logs and access keys are (default: .local)",
    )
    arguments = parser.parse_args()
    for number in ENDINGS:
        signal.signal(number, _interrupt)
    try:
        port = parse_port(os.environ.get(PORT_VARIABLE) or DEFAULT_PORT, name=PORT_VARIABLE)
        return COMMANDS[arguments.command](Environment(arguments.directory, port=port))
    except LocalError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130


def _introduce(environment: Environment) -> None:
    say(f"\nHeimdall listens at {environment.url}. A first job:\n")
    say(f"{curl_line(environment.url)}\n")
    say(f"In a second terminal: source {_shown(environment, 'env')}")


def _shown(environment: Environment, name: str) -> str:
    path = environment.directory / name
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

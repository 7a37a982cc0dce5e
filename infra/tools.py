"""Starts the programs that build packages and turns their failures into sentences."""

import subprocess  # fixed programs of this checkout, arguments never from outside
from collections.abc import Sequence

from infra import process


class ToolError(RuntimeError):
    """A program that the build needs is missing or failed; the message names the remedy."""


def run(command: Sequence[str], *, doing: str, remedy: str = "") -> str:
    """Run a program and return what it wrote to stdout.

    Args:
        command: program and arguments.
        doing: what the program does, for the message when it fails ("compiling ...").
        remedy: what a person can do about a failure.

    Raises:
        ToolError: the program is missing or ended with an error.
    """
    try:
        done = subprocess.run(  # noqa: S603  # fixed programs, no shell
            list(command),
            env=process.child(PYTHONHASHSEED="0"),  # the same bytecode at every build
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise ToolError(f"{doing} failed: {error}. {remedy}") from error
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise ToolError(f"{doing} failed: {said}\n{remedy}")
    return done.stdout

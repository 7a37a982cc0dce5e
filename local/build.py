"""Packages and templates for this machine: built when something they are made of changed."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.config import PREFIX, context_of_checkout, read_config
from local.errors import LocalError
from local.layout import ASSEMBLY, BUILD, ROOT

LOCAL_PLUGINS = ("spark-local",)
"""What the template has here and nowhere else: plugins whose engine is a developer's machine."""

STAMP = "digest"
"""A file in the assembly: the digest of what it was made of."""


@dataclass(frozen=True)
class Stack:
    """One synthesized stack.

    Attributes:
        template: the CloudFormation template.
        files: source path of each file asset to upload, by (bucket, key).
    """

    name: str
    template: dict[str, Any]
    files: Mapping[tuple[str, str], Path]


def digest() -> str:
    """Identify everything that the packages and templates are made of."""
    plugins = "".join(f"+{name}" for name in LOCAL_PLUGINS)
    return _run("-m", "infra.build", "--digest").strip() + plugins


def with_local_plugins(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return what to change in a CDK context, so that a runner has the plugins of this machine."""
    runners = read_config(context).runners
    first = next(iter(runners))
    return {f"{PREFIX}runners": {**runners, first: (*runners[first], *LOCAL_PLUGINS)}}


def is_built(wanted: str) -> bool:
    """Whether the last build made what `digest` said; packages of runners are used in place."""
    stamp = ASSEMBLY / STAMP
    return stamp.exists() and stamp.read_text() == wanted


@contextmanager
def assembly(wanted: str, *, say: Callable[[str], None]) -> Iterator[list[Stack]]:
    """Lend the stacks in the order in which they are deployed, built anew if they are outdated.

    Nobody else builds meanwhile: environments share packages and templates.

    Args:
        wanted: what `digest` said.
        say: told what is done when it takes long.
    """
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "local-assembly.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = ASSEMBLY / STAMP
        if not is_built(wanted):
            say("building packages and templates (half a minute)")
            stamp.unlink(missing_ok=True)
            changes = with_local_plugins(context_of_checkout())
            _run("app.py", CDK_CONTEXT_JSON=json.dumps(changes))
            stamp.write_text(wanted)
        yield read_stacks(ASSEMBLY)


def read_stacks(directory: Path) -> list[Stack]:
    """Read a cloud assembly; a stack comes after those that it depends on."""
    artifacts = json.loads((directory / "manifest.json").read_text())["artifacts"]
    stacks = {
        name: artifact
        for name, artifact in artifacts.items()
        if artifact["type"] == "aws:cloudformation:stack"
    }
    ordered: list[str] = []
    while len(ordered) < len(stacks):
        ready = [
            name
            for name, artifact in stacks.items()
            if name not in ordered
            and all(
                needed in ordered for needed in artifact.get("dependencies", []) if needed in stacks
            )
        ]
        if not ready:
            raise LocalError(f"the stacks in {directory} depend on each other in a circle")
        ordered += ready
    return [_stack(directory, name, stacks[name]) for name in ordered]


def _stack(directory: Path, name: str, artifact: Mapping[str, Any]) -> Stack:
    manifest = json.loads((directory / f"{name}.assets.json").read_text())
    files = {
        (destination["bucketName"], destination["objectKey"]): directory / file["source"]["path"]
        for file in manifest["files"].values()
        for destination in file["destinations"].values()
        if file["source"]["packaging"] == "zip"  # the template itself is the other file
    }
    template = json.loads((directory / artifact["properties"]["templateFile"]).read_text())
    stack_name = artifact["properties"].get("stackName", name)
    return Stack(name=stack_name, template=template, files=files)


def _run(*arguments: str, **variables: str) -> str:
    environment = {
        **os.environ,
        **variables,
        "HEIMDALL_BUILD_TARGET": "host",
        "CDK_OUTDIR": str(ASSEMBLY),
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise LocalError(f"{' '.join(arguments)} failed:\n{(done.stderr or done.stdout).strip()}")
    return done.stdout

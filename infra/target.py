"""What packages are built for: Lambda's Python on arm64, or the machine this runs on."""

import platform
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from infra import process
from infra.config import ConfigError
from infra.tools import ToolError, run

LAMBDA_PYTHON = "3.13"
LAMBDA_WHEELS = ["--python-platform", "aarch64-manylinux2014", "--python-version", LAMBDA_PYTHON]
INSTALL_OPTIONS = ["--quiet", "--no-config", "--link-mode", "copy", "--no-deps"]
INSTALL_OPTIONS += ["--only-binary", ":all:", "--require-hashes"]
COMPILE_OPTIONS = ["-q", "--invalidation-mode", "unchecked-hash"]
NEVER_RUN = ["bin", "*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/REQUESTED"]
NEVER_RUN += ["*.dist-info/direct_url.json", "**/tests", "**/test", "**/*.pyi", ".lock"]


@dataclass(frozen=True, kw_only=True)
class Target:
    """One kind of packages.

    Attributes:
        python: the interpreter whose bytecode the packages hold.
        wheel_options: tells uv which wheels to choose; empty for those of `python` itself.
        facts: all of this that changes what is built.
    """

    name: str
    python: str
    wheel_options: Sequence[str]
    facts: Sequence[str]

    def install(self, locks: Sequence[Path], folder: Path) -> None:
        """Unpack the wheels that the locks name, without what no function reads."""
        install = [find_uv_bin(), "pip", "install", *INSTALL_OPTIONS, *self.wheel_options]
        chosen = [word for lock in locks for word in ("--requirements", str(lock))]
        run(
            [*install, "--python", self.python, "--target", str(folder), *chosen],
            doing=f"installing {', '.join(lock.name for lock in locks)} for {self.name}",
            remedy="Check the network, or name your own package index in UV_INDEX_URL.",
        )
        for pattern in NEVER_RUN:
            for path in folder.glob(pattern):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def compile(self, folder: Path, *, seen_as: str) -> None:
        """Put bytecode beside every module; it is used without looking at the module again.

        Args:
            folder: what to compile.
            seen_as: where the functions will find it, for tracebacks.
        """
        compileall = [self.python, "-m", "compileall", *COMPILE_OPTIONS]
        run(
            [*compileall, "-s", str(folder), "-p", seen_as, str(folder)],
            doing=f"compiling {folder.name} for {self.name}",
            remedy=f"The code must be valid for {self.python}.",
        )


def chosen_target() -> Target:
    """Return the target that HEIMDALL_BUILD_TARGET names.

    Raises:
        ConfigError: there is no such target.
        ToolError: there is no interpreter of Lambda's version to compile with.
    """
    match process.build_target():
        case "host":
            version = f"{sys.implementation.cache_tag} {platform.system()} {platform.machine()}"
            return Target(
                name="host", python=sys.executable, wheel_options=[], facts=["host", version]
            )
        case "lambda":
            return Target(
                name="lambda",
                python=_lambda_python(),
                wheel_options=LAMBDA_WHEELS,
                facts=["lambda", *LAMBDA_WHEELS],
            )
        case other:
            raise ConfigError(f"HEIMDALL_BUILD_TARGET is host or lambda, not {other!r}")


def _lambda_python() -> str:
    if named := process.lambda_python():
        return named
    if platform.python_version().startswith(f"{LAMBDA_PYTHON}."):
        return sys.executable
    try:
        found = run(
            [find_uv_bin(), "python", "find", "--no-project", LAMBDA_PYTHON],
            doing="looking for Python",
            remedy="",
        )
    except ToolError as error:
        raise ToolError(
            f"Packages for Lambda hold the bytecode of Python {LAMBDA_PYTHON}, and there is none "
            f"here to compile it. Run .venv/bin/uv python install {LAMBDA_PYTHON}, or name one in "
            f"HEIMDALL_LAMBDA_PYTHON. ({error})"
        ) from error
    return found.strip()

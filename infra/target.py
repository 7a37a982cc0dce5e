"""What packages are built for: Lambda's Python on arm64, or the machine this runs on."""

import platform
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

from infra import process
from infra.config import ConfigError
from infra.tools import ToolError, run

LAMBDA_PYTHON = "3.13"
LAMBDA_LIBC = "aarch64-manylinux_2_34"
"""Amazon Linux 2023, on which Lambda's Python 3.13 runs, has glibc 2.34."""

LAMBDA_WHEELS = ["--python-platform", LAMBDA_LIBC, "--python-version", LAMBDA_PYTHON]
INSTALL_OPTIONS = ["--quiet", "--link-mode", "copy", "--no-deps"]
INSTALL_OPTIONS += ["--only-binary", ":all:", "--require-hashes"]
COMPILE_OPTIONS = ["-q", "--invalidation-mode", "unchecked-hash"]
NEVER_RUN = ["bin", "*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/REQUESTED"]
NEVER_RUN += [
    "*.dist-info/direct_url.json",
    "*.dist-info/sboms",
    "**/tests",
    "**/test",
    "**/*.pyi",
    ".lock",
]


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
        discard(folder, NEVER_RUN)

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


def discard(folder: Path, patterns: Iterable[str]) -> None:
    """Delete what no function reads: the files and folders that match."""
    for pattern in patterns:
        for path in list(folder.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


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
    for find in (process.lambda_python, _python_of_uv, _python_of_pyenv):
        if python := find():
            return _checked(python)
    raise ToolError(
        f"Packages for Lambda hold the bytecode of Python {LAMBDA_PYTHON}, and there is none here "
        f"to compile it. Run .venv/bin/uv python install {LAMBDA_PYTHON}, or give the path of one "
        "in HEIMDALL_LAMBDA_PYTHON."
    )


def _python_of_uv() -> str | None:
    """The interpreter that uv would use; it knows its own, PATH's and this environment's."""
    try:
        found = run([find_uv_bin(), "python", "find", LAMBDA_PYTHON], doing="looking for Python")
    except ToolError:
        return None  # says that there is none, or that what is first on PATH does not start
    return found.strip()


def _python_of_pyenv() -> str | None:
    """One of pyenv's, which are not on PATH until somebody chooses them."""
    folder = Path.home() / ".pyenv" / "versions"
    found = sorted(folder.glob(f"{LAMBDA_PYTHON}.*/bin/python{LAMBDA_PYTHON}"))
    return str(found[-1]) if found else None


def _checked(python: str) -> str:
    said = run(
        [python, "-c", "import sys; print(*sys.version_info[:2], sep='.')"],
        doing=f"starting {python}",
        remedy="Give the path of a Python that starts in HEIMDALL_LAMBDA_PYTHON.",
    )
    if said.strip() != LAMBDA_PYTHON:
        raise ToolError(f"{python} is Python {said.strip()}; Lambda runs {LAMBDA_PYTHON}.")
    return python

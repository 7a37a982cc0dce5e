"""What only some runners need: drivers of engines, and Arrow, in families of packages."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.layout import INFRA, LAYER_REQUIREMENTS, REQUIREMENTS
from infra.locks import merged
from infra.target import Target, discard

NEVER_RUN = (
    *("**/include", "**/includes", "**/*.pyx", "**/*.pxi", "**/*.pxd", "**/*.h"),
    *("pyarrow/src", "pyarrow/_pyarrow_cpp_tests*"),
    # Names for linkers; what is loaded is the library with one number behind its name.
    *("pyarrow/libarrow*.so", "pyarrow/libarrow*.so.*.*"),
    # Files in clouds; results are written with boto3.
    *("pyarrow/libarrow_s3.*", "pyarrow/_s3fs*", "pyarrow/_gcsfs*", "pyarrow/_azurefs*"),
    "pyarrow/_hdfs*",
    # For interpreters that load no C extensions.
    *("zstandard/_cffi*", "zstandard/backend_cffi.py"),
    "snowflake/connector/nanoarrow_cpp",
)
"""Beside what no function reads of any package."""

FLIGHT = "pyarrow/*flight*"
"""Arrow over the network, 31 MB."""

WITH_FLIGHT = frozenset({"arrow"})


def sources_of(families: Sequence[str]) -> list[Path]:
    """What the packages of some families are made of."""
    return [*_locks_of(families), LAYER_REQUIREMENTS, INFRA / "families.py", INFRA / "locks.py"]


def install_families(target: Target, families: Sequence[str], folder: Path) -> None:
    """Unpack what the families need beside the shared layer and Lambda's runtime.

    Raises:
        ToolError: it cannot be had, or two families need different versions of a package.
    """
    with TemporaryDirectory() as temporary:
        lock = Path(temporary, f"{'-'.join(families)}.txt")
        lock.write_text(merged(_locks_of(families), without=LAYER_REQUIREMENTS))
        target.install([lock], folder)
    discard(folder, NEVER_RUN)
    if not WITH_FLIGHT & set(families):
        discard(folder, [FLIGHT])


def _locks_of(families: Sequence[str]) -> list[Path]:
    return [REQUIREMENTS / f"{family}.txt" for family in families]

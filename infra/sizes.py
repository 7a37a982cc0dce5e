"""Makes sure that Lambda takes what a function is made of, before anything is deployed."""

from collections.abc import Iterable
from pathlib import Path

from infra.config import ConfigError

LARGEST_BYTES = 262_144_000
"""What Lambda unpacks for one function, layers included."""


def bytes_of(folders: Iterable[Path]) -> int:
    """The size of some folders' files."""
    return sum(
        file.stat().st_size for folder in folders for file in folder.rglob("*") if file.is_file()
    )


def check_size(name: str, folders: Iterable[Path]) -> None:
    """Refuse a function that Lambda would.

    Args:
        name: the function's, for people.
        folders: its package and its layers.

    Raises:
        ConfigError: they are too large together.
    """
    size = bytes_of(folders)
    if size > LARGEST_BYTES:
        raise ConfigError(
            f"the function {name} with its layers has {size:,} bytes, and Lambda takes "
            f"{LARGEST_BYTES:,}: give its runner fewer plugins, or divide them among two runners"
        )

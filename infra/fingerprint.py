"""Tells whether what something is made of has changed."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from infra.layout import ROOT


def files_below(folder: Path) -> list[Path]:
    """Every file of a folder in a fixed order, Python's own caches left out."""
    return sorted(
        path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    )


def fingerprint(files: Iterable[Path], *, facts: Sequence[str]) -> str:
    """Hash the names and contents of files, and whatever else counts."""
    found = hashlib.sha256(repr(list(facts)).encode())
    for file in files:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        name = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file.name
        found.update(f"{name} {content}\n".encode())
    return found.hexdigest()

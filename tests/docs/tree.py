"""The project's own files: all but what .gitignore names."""

import os
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
IGNORED = [
    ".git",
    *(line.rstrip("/") for line in (ROOT / ".gitignore").read_text().splitlines() if line),
]


@cache
def project_files() -> tuple[Path, ...]:
    """Return the paths of all files, relative to the root."""
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [name for name in folders if not _is_ignored(name)]
        here = Path(folder).relative_to(ROOT)
        found += [here / name for name in files if not _is_ignored(name)]
    return tuple(sorted(found))


def of_kind(*suffixes: str) -> list[Path]:
    return [path for path in project_files() if path.suffix in suffixes]


def sources() -> list[Path]:
    """Return the Python modules that are no tests."""
    return [path for path in of_kind(".py") if path.parts[0] != "tests"]


@cache
def text_of(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _is_ignored(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in IGNORED)

"""Builds the packages that Lambda runs: one per function and the layer they share.

.build/<target>/layer              what Lambda unpacks to /opt
.build/<target>/functions/<name>   what Lambda unpacks to /var/task
.build/<target>/wheels             the layer's third-party part, kept between builds

Every folder is built again only if what it is made of has changed.
"""

import argparse
import fcntl
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from infra.config import context_of_checkout, read_config
from infra.fingerprint import files_below, fingerprint
from infra.layout import BUILD, FUNCTIONS, INFRA, LAYER, LAYER_REQUIREMENTS, ROOT
from infra.target import Target, chosen_target


def build_function(name: str) -> Path:
    """Build the package of one function: functions/__init__.py and functions/<name>/."""
    target = chosen_target()
    sources = [FUNCTIONS / "__init__.py", *files_below(FUNCTIONS / name)]

    def fill(folder: Path) -> None:
        _copy(sources, folder, relative_to=ROOT)
        target.compile(folder, seen_as="/var/task")

    return _built(target, f"functions/{name}", sources, fill)


def build_layer(plugin_requirements: str | None = None) -> Path:
    """Build the layer: the package heimdall, its dependencies and third parties' plugins."""
    target = chosen_target()
    sources = files_below(LAYER)
    locks = _locks(plugin_requirements)

    def fill(folder: Path) -> None:
        shutil.copytree(_build_wheels(target, locks), folder / "python")
        _copy(sources, folder, relative_to=LAYER)
        target.compile(folder / "python" / "heimdall", seen_as="/opt/python/heimdall")

    return _built(target, "layer", [*sources, *locks], fill)


def inputs_digest() -> str:
    """Fingerprint of everything that the templates and packages depend on."""
    config = read_config(context_of_checkout())
    files = [
        ROOT / "app.py",
        *(path for path in [ROOT / "cdk.json", ROOT / "cdk.context.json"] if path.exists()),
        ROOT / "requirements" / "infra.txt",
        *_locks(config.plugin_requirements),
        *files_below(INFRA),
        *files_below(FUNCTIONS),
        *files_below(LAYER),
    ]
    return fingerprint(files, facts=chosen_target().facts)


def _locks(plugin_requirements: str | None) -> list[Path]:
    return [LAYER_REQUIREMENTS, *([ROOT / plugin_requirements] if plugin_requirements else [])]


def _build_wheels(target: Target, locks: list[Path]) -> Path:
    def fill(folder: Path) -> None:
        target.install(locks, folder)
        target.compile(folder, seen_as="/opt/python")

    return _built(target, "wheels", locks, fill)


def _built(
    target: Target, name: str, sources: Iterable[Path], fill: Callable[[Path], None]
) -> Path:
    """Return the folder of a package, filled anew if a source or the way of building changed."""
    folder = BUILD / target.name / name
    stamp = folder.with_name(f"{folder.name}.made-of")
    builder = [INFRA / "build.py", INFRA / "target.py"]
    made_of = fingerprint([*sources, *builder], facts=target.facts)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two builds at once: the second finds it done
        if not (folder.exists() and stamp.exists() and stamp.read_text() == made_of):
            sys.stderr.write(f"building {name} for {target.name}\n")
            stamp.unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
            fill(folder)
            stamp.write_text(made_of)
    return folder


def _copy(files: Iterable[Path], folder: Path, *, relative_to: Path) -> None:
    for file in files:
        copied = folder / file.relative_to(relative_to)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copied)


def main() -> None:
    """Build every package, or say what they would be made of."""
    options = argparse.ArgumentParser(prog="python -m infra.build", description=main.__doc__)
    options.add_argument(
        "--digest", action="store_true", help="print the fingerprint of all inputs, build nothing"
    )
    if options.parse_args().digest:
        sys.stdout.write(f"{inputs_digest()}\n")
        return
    config = read_config(context_of_checkout())
    build_layer(config.plugin_requirements)
    for name in ("submit", "query", "execute", "orchestrate"):
        build_function(name)


if __name__ == "__main__":
    main()

"""Builds the packages that Lambda runs: functions, the layer they share, layers of runners.

.build/<target>/layer                what Lambda unpacks to /opt
.build/<target>/functions/<name>     what Lambda unpacks to /var/task
.build/<target>/runners/<families>   what Lambda unpacks to /opt beside the layer, for some runners
.build/<target>/wheels               the layer's third-party part, kept between builds
.build/host/families/<families>      the packages that the layers of runners on this machine name

Every folder is built again only if what it is made of has changed.
"""

import argparse
import fcntl
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from infra.config import FAMILIES, context_of_checkout, read_config
from infra.families import install_families, sources_of
from infra.fingerprint import files_below, fingerprint
from infra.layout import BUILD, FUNCTIONS, INFRA, LAYER, LAYER_REQUIREMENTS, REQUIREMENTS, ROOT
from infra.target import LAMBDA_PYTHON, Target, chosen_target


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


def build_runner_layer(families: Sequence[str]) -> Path:
    """Build the layer of the runners whose plugins need these families of packages.

    On this machine it holds no packages, only the path of the folder where they are: the emulator
    unpacks every layer at every start of a function.
    """
    target, name = chosen_target(), "-".join(families)

    def fill(folder: Path) -> None:
        install_families(target, families, folder / "python")
        target.compile(folder / "python", seen_as="/opt/python")

    def fill_with_path(folder: Path) -> None:
        packages = _build_families(target, families)
        site = folder / "python" / "lib" / f"python{LAMBDA_PYTHON}" / "site-packages"
        site.mkdir(parents=True)
        (site / "runner.pth").write_text(f"import sys; sys.path.insert(0, {str(packages)!r})\n")

    fill_layer = fill_with_path if target.name == "host" else fill
    return _built(target, f"runners/{name}", sources_of(families), fill_layer)


def _build_families(target: Target, families: Sequence[str]) -> Path:
    def fill(folder: Path) -> None:
        install_families(target, families, folder)

    return _built(target, f"families/{'-'.join(families)}", sources_of(families), fill)


def inputs_digest() -> str:
    """Fingerprint of everything that the templates and packages depend on."""
    config = read_config(context_of_checkout())
    files = [
        ROOT / "app.py",
        *(path for path in [ROOT / "cdk.json", ROOT / "cdk.context.json"] if path.exists()),
        ROOT / "requirements" / "infra.txt",
        *_locks(config.plugin_requirements),
        *(REQUIREMENTS / f"{family}.txt" for family in sorted(set(FAMILIES.values()))),
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
    for families in {config.families_of(runner) for runner in config.runners}:
        if families:
            build_runner_layer(families)


if __name__ == "__main__":
    main()

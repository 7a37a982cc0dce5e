"""Sizes of what is uploaded to Lambda."""

import io
import zipfile
from pathlib import Path

from benchmarks.deployment import Deployment
from benchmarks.row import Row


def package_rows(deployment: Deployment) -> list[Row]:
    """Tell the size of every package, packed."""
    packages = {f"function {name}": folder for name, folder in deployment.functions.items()}
    packages["layer"] = deployment.layer
    return [
        Row(
            name=f"package: {name}",
            value=_zipped_bytes(folder) / 1_000,
            unit="kB",
            digits=1,
            how=(
                f"deflated; {_unpacked_bytes(folder) / 1_000:,.0f} kB unpacked, bytecode "
                "included; built for this machine, which differs in the compiled modules"
            ),
        )
        for name, folder in sorted(packages.items())
    ]


def _zipped_bytes(folder: Path) -> int:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in _files(folder):
            archive.write(path, path.relative_to(folder))
    return len(packed.getvalue())


def _unpacked_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in _files(folder))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())

import io
import os
import zipfile
from pathlib import Path

from local.packages import resolve, zipped


def package(directory: Path, *, written_at: float) -> Path:
    (directory / "functions").mkdir(parents=True)
    for name, content in (("functions/b.py", "b"), ("functions/a.py", "a"), ("run", "#!/bin/sh")):
        file = directory / name
        file.write_text(content)
        os.utime(file, (written_at, written_at))
    (directory / "run").chmod(0o755)
    return directory


def test_zipped_is_the_same_whenever_the_files_were_written(tmp_path: Path):
    first = zipped(package(tmp_path / "first", written_at=1_000_000_000))
    second = zipped(package(tmp_path / "second", written_at=1_500_000_000))

    assert first == second


def test_zipped_keeps_names_contents_and_what_can_be_run(tmp_path: Path):
    with zipfile.ZipFile(io.BytesIO(zipped(package(tmp_path / "p", written_at=1e9)))) as archive:
        contents = {name: archive.read(name).decode() for name in archive.namelist()}
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}

    assert contents == {"functions/a.py": "a", "functions/b.py": "b", "run": "#!/bin/sh"}
    assert modes == {"functions/a.py": 0o644, "functions/b.py": 0o644, "run": 0o755}


def test_resolve_fills_in_account_and_region():
    name = "assets-${AWS::AccountId}-${AWS::Region}"

    assert resolve(name) == "assets-000000000000-us-east-1"

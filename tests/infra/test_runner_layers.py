"""Layers of runners: what is in them, what works without the rest, and whether Lambda takes it."""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infra import build, target
from infra.config import FAMILIES, ConfigError
from infra.families import install_families
from infra.layout import LAYER, LAYER_REQUIREMENTS, REQUIREMENTS
from infra.locks import IN_LAMBDA, entries, merged
from infra.sizes import LARGEST_BYTES, bytes_of, check_size
from infra.target import Target

ALL = sorted(set(FAMILIES.values()))
LOCK = """\
# a comment
acme==1.0 ; python_full_version < '3.14' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
Other.Name==2.0 \\
    --hash=sha256:cc
"""
TABLES = """
import io
import pyarrow, pyarrow.compute, pyarrow.csv, pyarrow.ipc, pyarrow.parquet
numbers = pyarrow.table({"a": pyarrow.array([1, 2], pyarrow.decimal128(5, 2))})
file = io.BytesIO()
pyarrow.parquet.write_table(numbers, file)
assert pyarrow.parquet.read_table(io.BytesIO(file.getvalue())) == numbers
with pyarrow.ipc.new_stream(file, numbers.schema) as stream:
    stream.write_table(numbers)
pyarrow.csv.write_csv(numbers, file)
import zoneinfo
zoneinfo.reset_tzpath([])
assert zoneinfo.ZoneInfo("Europe/Berlin")
"""
WORK = {
    "sql": """
import clickhouse_connect.driver, lz4.frame, psycopg, trino.dbapi, zstandard
assert psycopg.pq.__impl__ == "binary"
assert zstandard.decompress(zstandard.compress(b"x")) == b"x"
""",
    "snowflake": """
import snowflake.connector
from snowflake.connector.nanoarrow_arrow_iterator import PyArrowTableIterator
""",
    "arrow": """
import duckdb, pyarrow.flight
assert duckdb.sql("SELECT a FROM numbers").to_arrow_table() == numbers
""",
}
"""What the plugins of a family need, tried with nothing else at hand."""


@pytest.fixture
def _for_this_machine(monkeypatch):
    monkeypatch.setenv("HEIMDALL_BUILD_TARGET", "host")


def run_with(*folders, program):
    """Run a program that finds packages in some folders and nowhere else."""
    paths = [str(folder) for folder in folders]
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys\nsys.path[:0] = {paths!r}\n{program}"],
        capture_output=True,
        text=True,
        check=False,
    )


def test_lock_is_read_package_by_package(tmp_path):
    lock = tmp_path / "lock.txt"
    lock.write_text(LOCK)

    assert [name for name, _ in entries(lock)] == ["acme", "other.name"]
    assert "".join(f"{text}\n" for _, text in entries(lock)) == LOCK.removeprefix("# a comment\n")


def test_merged_lock_names_each_package_once_and_none_that_is_there(tmp_path):
    one, other, there = (tmp_path / name for name in ("one.txt", "other.txt", "there.txt"))
    one.write_text("acme==1.0\nboto3==1.44.8\npydantic==2.0\n")
    other.write_text("acme==1.0\nmore==3.0\n")
    there.write_text("pydantic==2.0\n")

    assert merged([one, other], without=there) == "acme==1.0\nmore==3.0\n"


def test_locks_agree_on_what_they_share():
    """A family's layer leaves to the shared layer what that brings, in whatever version."""
    versions = defaultdict(set)
    for family in ("layer", *ALL):
        for name, text in entries(REQUIREMENTS / f"{family}.txt"):
            versions[name].add(text.split()[0])

    assert {name for name, found in versions.items() if len(found) > 1} == set()


@pytest.mark.parametrize("family", ALL)
@pytest.mark.usefixtures("_for_this_machine")
def test_what_is_left_of_a_family_is_enough_for_its_plugins(family):
    layer = build.build_runner_layer([family])
    (site,) = (layer / "python" / "lib").glob("python*/site-packages")

    done = run_with(
        build.build_layer() / "python",
        program=f"import site\nsite.addsitedir({str(site)!r})\n{TABLES}{WORK[family]}",
    )

    assert done.stderr == ""


@pytest.mark.usefixtures("_for_this_machine")
def test_layer_of_this_machine_holds_only_where_its_packages_are(tmp_path):
    layer = build.build_runner_layer(["arrow"])

    assert [path.name for path in layer.rglob("*") if path.is_file()] == ["runner.pth"]


@pytest.fixture(scope="module")
def for_lambda():
    """Packages for Lambda, all but the bytecode, which only its own Python could compile."""
    return Target(
        name="lambda", python=sys.executable, wheel_options=target.LAMBDA_WHEELS, facts=[]
    )


@pytest.fixture(scope="module")
def shared_bytes(for_lambda):
    with TemporaryDirectory() as folder:
        for_lambda.install([LAYER_REQUIREMENTS], Path(folder))
        return with_bytecode(Path(folder)) + with_bytecode(LAYER)


def with_bytecode(folder):
    """The size of packages and, about as large as the modules, of the bytecode to come."""
    modules = [path.stat().st_size for path in folder.rglob("*.py")]
    return bytes_of([folder]) + round(1.2 * sum(modules))


@pytest.mark.parametrize(
    "families", [*([family] for family in ALL), ["snowflake", "sql"]], ids="-".join
)
def test_function_with_its_layers_is_small_enough_for_lambda(families, for_lambda, shared_bytes):
    with TemporaryDirectory() as temporary:
        folder = Path(temporary, "python")
        install_families(for_lambda, families, folder)
        packages = {path.name for path in folder.iterdir()}
        libraries = {
            path.name.rpartition(".cpython-")[2] for path in folder.rglob("*.cpython-*.so")
        }
        size = shared_bytes + with_bytecode(folder)

    assert size < LARGEST_BYTES
    assert not packages & {*IN_LAMBDA, "pydantic", "numpy", "pandas"}
    assert libraries == {"313-aarch64-linux-gnu.so"}


def test_function_that_is_too_large_is_refused_by_name(tmp_path):
    for name in ("code", "layer"):
        folder = tmp_path / name
        folder.mkdir()
        with (folder / "data").open("wb") as file:
            file.truncate(LARGEST_BYTES // 2)
    check_size("ExecuteBoth", [tmp_path / "code", tmp_path / "layer"])
    (tmp_path / "code" / "more").write_bytes(b"x")

    with pytest.raises(ConfigError, match=r"ExecuteBoth with its layers has 262,144,001 bytes"):
        check_size("ExecuteBoth", [tmp_path / "code", tmp_path / "layer"])

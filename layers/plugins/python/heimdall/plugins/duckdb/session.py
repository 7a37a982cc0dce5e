"""A DuckDB of one run: in memory, locked up, with the cluster's prefixes as its whole world."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from heimdall.plugins.duckdb.options import Sizes
from heimdall.plugins.duckdb.s3 import PrefixedS3

_Config = dict[str, str | bool | int | float | list[str]]
_MEGABYTE = "MiB"

_CLOSED = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",  # else names in SQL are looked for among our variables
    "python_scan_all_frames": "false",
}


@contextmanager
def opened(
    files: PrefixedS3 | None, prefixes: Sequence[str], sizes: Sizes
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database that can do nothing to the machine, and leave nothing of it.

    DuckDB itself refuses every path that is not below the prefixes or the directory where it
    spills, and every change of a setting; there is no other filesystem than the machine's and ours.
    """
    with TemporaryDirectory(prefix="heimdall-duckdb-", ignore_cleanup_errors=True) as name:
        connection = duckdb.connect(":memory:", config=_config(Path(name), sizes))
        try:
            if files is not None:
                connection.register_filesystem(files)
            connection.execute("SET TimeZone = 'UTC'")
            listed = ", ".join(f"'{prefix}'" for prefix in prefixes)
            connection.execute(f"SET allowed_directories = [{listed}]")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            yield connection
        finally:
            connection.close()


def _config(directory: Path, sizes: Sizes) -> _Config:
    return {
        **_CLOSED,
        "memory_limit": f"{sizes.memory_mb}{_MEGABYTE}",
        "threads": str(sizes.threads),
        "temp_directory": str(directory / "spill"),
        "max_temp_directory_size": f"{sizes.spill_mb}{_MEGABYTE}",
        "home_directory": str(directory / "home"),
        "secret_directory": str(directory / "secrets"),
        "extension_directory": str(directory / "extensions"),
    }

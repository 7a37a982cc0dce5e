"""The spark-submit that the functions of an environment find; it installs PySpark first."""

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from local.aws import write_private
from local.layout import BIN, ROOT

NAMES = frozenset(
    {
        *("HOME", "JAVA_HOME", "XDG_CACHE_HOME", "NETRC"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    }
)
PREFIXES = ("UV_", "PIP_")
"""What installing needs of the developer's environment; functions do not see it."""


def write_launcher(directory: Path) -> Path:
    """Write the launcher of an environment; return the directory to put on the PATH.

    Args:
        directory: the environment's.
    """
    settings, launcher = directory / "run" / "spark.json", directory / "bin" / "spark-submit"
    for file in (settings, launcher):
        file.parent.mkdir(parents=True, exist_ok=True)
    write_private(settings, json.dumps(installers_environment(os.environ)))
    words = [str(BIN / "python"), "-I", str(ROOT / "local" / "spark.py"), "submit", str(settings)]
    launcher.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    launcher.chmod(0o755)
    return launcher.parent


def installers_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Pick what names indexes, proxies, certificates and caches."""
    return {
        name: value
        for name, value in environment.items()
        if name.upper() in NAMES or name.startswith(PREFIXES)
    }

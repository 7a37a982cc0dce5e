"""The PySpark of this checkout, installed when it is first asked for: a program of its own.

`python -I local/spark.py install` installs it; `python -I local/spark.py submit SETTINGS ...` runs
its spark-submit, where SETTINGS is what `local.launcher` wrote. Messages go to stderr.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv-spark"
REQUIREMENTS = ROOT / "requirements" / "spark.txt"
JAVA_VERSION = 17
_JAVA_SAYS = re.compile(r'version "(?:1\.)?(\d+)')


class SparkError(Exception):
    """Spark cannot be run; the message says what to do."""


def install(environment: Mapping[str, str]) -> Path:
    """Install PySpark unless what is installed is what the lock names; return its directory.

    Whoever comes second waits for the first.

    Raises:
        SparkError: it cannot be installed.
    """
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    stamp = VENV / ".ready"
    (ROOT / ".build").mkdir(exist_ok=True)
    with (ROOT / ".build" / "spark.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            command = ["local/setup.sh", "spark", VENV.name]
            done = subprocess.run(
                command, cwd=ROOT, env=dict(environment), stdout=sys.stderr, check=False
            )
            if done.returncode != 0:
                raise SparkError(f"PySpark could not be installed into {VENV}; see above")
            stamp.write_text(wanted)
    return next(VENV.glob("lib/python*/site-packages/pyspark"))


def check_java(environment: Mapping[str, str]) -> None:
    """See whether there is a Java that Spark runs on.

    Raises:
        SparkError: there is none, or too old a one.
    """
    home = environment.get("JAVA_HOME")
    search = f"{home}/bin" if home else environment.get("PATH")
    java = shutil.which("java", path=search)
    found = _java_version(java) if java else None
    if found is None or found < JAVA_VERSION:
        has = "there is none" if found is None else f"{java} is Java {found}"
        raise SparkError(
            f"Spark needs Java {JAVA_VERSION} or later, and {has} "
            f"{'in JAVA_HOME' if home else 'on the PATH'}. Install it (on Debian: "
            "openjdk-17-jre-headless), then start the environment again"
        )


def _java_version(java: str) -> int | None:
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = _JAVA_SAYS.search(said)
    return int(version[1]) if version else None


def submit(settings: Path, arguments: Sequence[str]) -> None:
    """Become the real spark-submit."""
    developers: dict[str, str] = json.loads(settings.read_text())
    environment = dict(os.environ)
    if "JAVA_HOME" in developers:
        environment["JAVA_HOME"] = developers["JAVA_HOME"]
    check_java(environment)
    home = install({**os.environ, **developers})
    python = str(VENV / "bin" / "python")
    environment |= {
        "SPARK_HOME": str(home),
        "PYSPARK_PYTHON": python,
        "PYSPARK_DRIVER_PYTHON": python,
    }
    program = str(home / "bin" / "spark-submit")
    os.execve(program, [program, *arguments], environment)  # noqa: S606 - there is no shell


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments say."""
    try:
        if arguments[0] == "submit":
            submit(Path(arguments[1]), arguments[2:])
        check_java(os.environ)
        install(os.environ)
    except SparkError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])

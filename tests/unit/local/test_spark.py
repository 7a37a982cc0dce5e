import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import spark
from local.build import LOCAL_PLUGINS, with_local_plugins
from local.launcher import installers_environment, write_launcher


def java(directory: Path, says: str) -> Path:
    """Write a java that tells its version as the real one does."""
    program = directory / "bin" / "java"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{says}\nEND\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize(
    "says",
    [
        'openjdk version "17.0.15" 2025-04-15',
        'java version "21" 2023-09-19 LTS',
        'Picked up _JAVA_OPTIONS: -Dx\nopenjdk version "25-ea" 2026-01-01',
    ],
)
def test_java_that_spark_runs_on_is_taken(tmp_path, says):
    java(tmp_path, says)

    spark.check_java({"PATH": str(tmp_path / "bin")})
    spark.check_java({"JAVA_HOME": str(tmp_path), "PATH": ""})


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ('java version "1.8.0_392"', "is Java 8 on the PATH"),
        ('openjdk version "11.0.2" 2019-01-15', "is Java 11 on the PATH"),
        ("Unable to locate a Java Runtime.", "there is none on the PATH"),
    ],
)
def test_java_that_spark_does_not_run_on_is_told(tmp_path, says, told):
    java(tmp_path, says)

    with pytest.raises(spark.SparkError, match=told):
        spark.check_java({"PATH": str(tmp_path / "bin")})


@pytest.mark.parametrize("name", ["PATH", "JAVA_HOME"])
def test_missing_java_is_told_with_what_to_do(tmp_path, name):
    with pytest.raises(spark.SparkError, match=r"Java 17 or later.* Install it"):
        spark.check_java({name: str(tmp_path)})


def test_installer_gets_the_developers_indexes_and_no_credentials_of_aws():
    needed = {
        "UV_INDEX_URL": "https://me:secret@index.example.com/simple",
        "PIP_INDEX_URL": "https://index.example.com/simple",
        "SSL_CERT_FILE": "/certs.pem",
        "https_proxy": "http://proxy.example.com",
        "HOME": "/somewhere",
        "JAVA_HOME": "/java",
    }

    assert (
        installers_environment({**needed, "AWS_SECRET_ACCESS_KEY": "x", "EDITOR": "vi"}) == needed
    )


def test_launcher_tells_its_settings_to_its_owner_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_INDEX_URL", "https://me:secret@index.example.com/simple")

    launcher = write_launcher(tmp_path) / "spark-submit"

    settings = tmp_path / "run" / "spark.json"
    assert settings.stat().st_mode & 0o077 == 0
    assert json.loads(settings.read_text())["UV_INDEX_URL"].endswith("/simple")
    assert os.access(launcher, os.X_OK)
    assert "secret" not in launcher.read_text()


def test_launcher_without_java_says_so_on_stderr(tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "no-java"))
    launcher = write_launcher(tmp_path) / "spark-submit"

    done = subprocess.run([launcher, "--version"], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Spark needs Java 17 or later, and there is none in JAVA_HOME.")


def test_program_needs_nothing_but_the_library():
    source = Path(spark.__file__).read_text()
    alone = [sys.executable, "-I", "-S", "-c", source.replace('"__main__"', '"nobody"')]

    done = subprocess.run(alone, capture_output=True, text=True, check=False)

    assert "ModuleNotFoundError" not in done.stderr


def test_first_runner_has_the_plugins_of_this_machine_as_well():
    changes = with_local_plugins({"heimdall:runners": {"light": ["ping"], "sql": ["trino"]}})

    assert changes == {
        "heimdall:runners": {"light": ("ping", *LOCAL_PLUGINS), "sql": ("trino",)},
    }

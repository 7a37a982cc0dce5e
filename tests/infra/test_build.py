"""How packages are built: for whom, of what, and when again."""

import hashlib
import importlib.metadata
import subprocess
import sys
import zipfile

import pytest

from infra import build, target
from infra.config import ConfigError
from infra.fingerprint import fingerprint
from infra.layout import LAYER_REQUIREMENTS
from infra.target import Target, chosen_target
from infra.tools import ToolError, run
from tests.infra.assembly import ROOT


@pytest.fixture(autouse=True)
def _for_this_machine(monkeypatch, tmp_path):
    monkeypatch.setenv("HEIMDALL_BUILD_TARGET", "host")
    monkeypatch.setattr(build, "BUILD", tmp_path / ".build")


@pytest.fixture
def plugin_lock(tmp_path):
    """A requirements file that names one wheel: a third party's plugin."""
    wheel = tmp_path / "acme_plugin-1.0-py3-none-any.whl"
    info = "acme_plugin-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("acme_plugin/__init__.py", "NAME = 'acme'\n")
        archive.writestr("acme_plugin/tests/test_it.py", "assert True\n")
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: acme-plugin\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/entry_points.txt", "[heimdall.plugins]\nacme = acme_plugin\n")
        archive.writestr(f"{info}/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock = tmp_path / "plugins.txt"
    lock.write_text(f"acme-plugin @ {wheel.as_uri()} --hash=sha256:{digest}\n")
    return lock


def test_function_is_built_once(tmp_path):
    first = build.build_function("submit")
    marker = first / "marker"
    marker.touch()

    assert build.build_function("submit") == first
    assert marker.exists()


def test_function_is_built_again_when_its_code_changed(monkeypatch, tmp_path):
    functions = tmp_path / "functions"
    (functions / "submit").mkdir(parents=True)
    (functions / "__init__.py").touch()
    handler = functions / "submit" / "handler.py"
    handler.write_text("ANSWER = 1\n")
    monkeypatch.setattr(build, "FUNCTIONS", functions)
    monkeypatch.setattr(build, "ROOT", tmp_path)
    build.build_function("submit")

    handler.write_text("ANSWER = 2\n")
    package = build.build_function("submit")

    assert (package / "functions/submit/handler.py").read_text() == "ANSWER = 2\n"


def test_same_sources_give_the_same_bytes(monkeypatch, tmp_path):
    first = build.build_function("execute")
    monkeypatch.setattr(build, "BUILD", tmp_path / "again")
    second = build.build_function("execute")

    assert contents(first) == contents(second)


def contents(folder):
    return {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_module_that_is_not_python_stops_the_build(monkeypatch, tmp_path):
    functions = tmp_path / "functions"
    (functions / "submit").mkdir(parents=True)
    (functions / "__init__.py").touch()
    (functions / "submit" / "handler.py").write_text("def broken(:\n")
    monkeypatch.setattr(build, "FUNCTIONS", functions)
    monkeypatch.setattr(build, "ROOT", tmp_path)

    with pytest.raises(ToolError, match=r"compiling submit for host failed[\s\S]*handler\.py"):
        build.build_function("submit")


def test_layer_takes_in_plugins_of_third_parties(plugin_lock):
    layer = build.build_layer(str(plugin_lock)) / "python"

    found = [
        point
        for distribution in importlib.metadata.distributions(path=[str(layer)])
        for point in distribution.entry_points
        if point.group == "heimdall.plugins"
    ]
    assert [(point.name, point.value) for point in found] == [("acme", "acme_plugin")]
    assert (layer / "acme_plugin" / "__pycache__").is_dir()
    assert not (layer / "acme_plugin" / "tests").exists()


def test_wheel_with_another_hash_is_refused(plugin_lock):
    plugin_lock.write_text(plugin_lock.read_text().replace("sha256:", "sha256:0000")[:-4])

    with pytest.raises(ToolError, match=r"installing plugins\.txt"):
        chosen_target().install([plugin_lock], build.BUILD / "wheels")


def test_wheels_for_lambda_are_for_its_python_and_processor(tmp_path):
    wheels = Target(
        name="lambda", python=sys.executable, wheel_options=target.LAMBDA_WHEELS, facts=[]
    )

    wheels.install([LAYER_REQUIREMENTS], tmp_path / "python")

    (library,) = (tmp_path / "python" / "pydantic_core").glob("*.so")
    assert library.name == "_pydantic_core.cpython-313-aarch64-linux-gnu.so"


def test_unknown_target_is_refused(monkeypatch):
    monkeypatch.setenv("HEIMDALL_BUILD_TARGET", "cloud")

    with pytest.raises(ConfigError, match="host or lambda, not 'cloud'"):
        chosen_target()


def test_python_for_lambda_must_be_that_of_lambda(monkeypatch, tmp_path):
    other = tmp_path / "python"
    other.write_text("#!/bin/sh\necho 3.9\n")
    other.chmod(0o755)
    monkeypatch.setenv("HEIMDALL_BUILD_TARGET", "lambda")
    monkeypatch.setenv("HEIMDALL_LAMBDA_PYTHON", str(other))

    with pytest.raises(ToolError, match=r"is Python 3\.9; Lambda runs 3\.13"):
        chosen_target()


def test_missing_python_for_lambda_names_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("HEIMDALL_BUILD_TARGET", "lambda")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("HEIMDALL_LAMBDA_PYTHON", raising=False)
    monkeypatch.setattr(target, "LAMBDA_PYTHON", "3.99")

    with pytest.raises(ToolError, match=r"uv python install 3\.99"):
        chosen_target()


def test_missing_program_is_named(tmp_path):
    with pytest.raises(ToolError, match=r"looking failed: .*nothing-here.* Install it\."):
        run([str(tmp_path / "nothing-here")], doing="looking", remedy="Install it.")


def test_fingerprint_tells_names_contents_and_facts_apart(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("a")
    other.write_text("a")

    assert fingerprint([one], facts=["x"]) == fingerprint([one], facts=["x"])
    assert fingerprint([one], facts=["x"]) != fingerprint([other], facts=["x"])
    assert fingerprint([one], facts=["x"]) != fingerprint([one], facts=["y"])
    before = fingerprint([one], facts=[])
    one.write_text("b")
    assert fingerprint([one], facts=[]) != before


def test_digest_is_printed_and_depends_on_the_target(monkeypatch):
    done = subprocess.run(
        [sys.executable, "-m", "infra.build", "--digest"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == build.inputs_digest()
    monkeypatch.setattr(target.platform, "machine", lambda: "another")
    assert done.stdout.strip() != build.inputs_digest()

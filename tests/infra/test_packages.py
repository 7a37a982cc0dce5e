"""What the functions' packages and the layer hold: our code, its dependencies, all compiled."""

import sys

import pytest

from infra.config import Config
from tests.infra.assembly import ROOT

FUNCTIONS = {
    "SubmitFunction": "submit",
    "QueryFunction": "query",
    **{f"Execute{name.title()}Function": "execute" for name in Config().runners},
    "OrchestrateFunction": "orchestrate",
}


def sources(folder, *, relative_to):
    return {
        path.relative_to(relative_to).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def bytecode(module):
    folder, _, name = module.rpartition("/")
    cached = f"__pycache__/{name.removesuffix('.py')}.{sys.implementation.cache_tag}.pyc"
    return f"{folder}/{cached}" if folder else cached


def with_bytecode(files):
    return files | {bytecode(file) for file in files if file.endswith(".py")}


@pytest.fixture(scope="module")
def layer(assembly):
    return assembly.asset(assembly.properties("AWS::Lambda::LayerVersion")["Layer"]["Content"])


@pytest.mark.parametrize(("function", "package"), FUNCTIONS.items())
def test_package_holds_its_function_and_nothing_else(assembly, function, package):
    code = assembly.properties("AWS::Lambda::Function")[function]["Code"]
    own = sources(ROOT / "functions" / package, relative_to=ROOT)

    assert f"functions/{package}/handler.py" in own
    assert assembly.asset(code) == with_bytecode({"functions/__init__.py"} | own)


def test_layer_holds_the_shared_package(layer):
    package = ROOT / "layers" / "plugins"
    ours = sources(package, relative_to=package)

    assert "python/heimdall/__init__.py" in ours
    found = {file for file in layer if file.startswith("python/heimdall/")}
    assert found == with_bytecode(ours)


def test_layer_holds_bytecode_for_every_module(layer):
    missing = {file for file in layer if file.endswith(".py") and bytecode(file) not in layer}

    assert not missing


def test_layer_holds_the_locked_dependencies_and_no_aws_sdk(layer):
    packages = {file.split("/")[1] for file in layer}

    assert {
        "aws_lambda_powertools",
        "pydantic",
        "pydantic_core",
        "minijinja",
        "heimdall",
    } <= packages
    assert not {"boto3", "botocore"} & packages


def test_layer_holds_metadata_that_finds_plugins_and_nothing_of_the_installer(layer):
    metadata = {file.rpartition("/")[2] for file in layer if ".dist-info/" in file}

    assert "METADATA" in metadata
    assert not {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"} & metadata


def test_layer_holds_no_tests_and_no_stubs(layer):
    assert not [file for file in layer if "/tests/" in file or file.endswith(".pyi")]


def test_bytecode_is_used_unchecked_and_names_the_path_in_lambda(assembly):
    code = assembly.properties("AWS::Lambda::Function")["SubmitFunction"]["Code"]
    folder = assembly.folder / f"asset.{code['S3Key'].removesuffix('.zip')}"

    compiled = (folder / bytecode("functions/__init__.py")).read_bytes()

    assert int.from_bytes(compiled[4:8], "little") == 0b01  # a hash, never compared
    assert b"/var/task/functions/__init__.py" in compiled
    assert str(ROOT).encode() not in compiled

import json
from pathlib import Path
from typing import Any

import pytest

from local import build
from local.build import is_built, read_stacks
from local.errors import LocalError


def write(directory: Path, stacks: dict[str, list[str]]) -> Path:
    """An assembly of some stacks, each with those that it depends on."""
    artifacts: dict[str, Any] = {"Tree": {"type": "cdk:tree"}}
    for name, dependencies in stacks.items():
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": f"{name}.template.json"},
            "dependencies": [*dependencies, f"{name}.assets"],
        }
        (directory / f"{name}.template.json").write_text(json.dumps({"Description": name}))
        files = {
            "code": file(f"asset.{name}", "zip", f"{name}.zip"),
            "template": file(f"{name}.template.json", "file", f"{name}.json"),
        }
        (directory / f"{name}.assets.json").write_text(json.dumps({"files": files}))
    (directory / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return directory


def file(path: str, packaging: str, key: str) -> dict[str, Any]:
    return {
        "source": {"path": path, "packaging": packaging},
        "destinations": {"here": {"bucketName": "assets", "objectKey": key}},
    }


def test_stack_comes_after_those_it_depends_on(tmp_path: Path):
    stacks = read_stacks(write(tmp_path, {"Service": ["Stateful"], "Stateful": [], "Last": []}))

    names = [stack.name for stack in stacks]
    assert names.index("Stateful") < names.index("Service")
    assert sorted(names) == ["Last", "Service", "Stateful"]


def test_stack_has_its_template_and_packages(tmp_path: Path):
    (stack,) = read_stacks(write(tmp_path, {"Service": []}))

    assert stack.template == {"Description": "Service"}
    assert stack.files == {("assets", "Service.zip"): tmp_path / "asset.Service"}


def test_stacks_in_a_circle_are_refused(tmp_path: Path):
    with pytest.raises(LocalError, match="circle"):
        read_stacks(write(tmp_path, {"One": ["Other"], "Other": ["One"]}))


def test_what_was_built_last_is_known_until_it_is_deleted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(build, "ASSEMBLY", tmp_path)
    assert not is_built("abc")
    (tmp_path / build.STAMP).write_text("abc")

    assert is_built("abc")
    assert not is_built("def")

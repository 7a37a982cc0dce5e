"""The guide on plugins shows code and contexts that work."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from heimdall.plugin.registry import PluginRegistry
from tests.fakes.runs import make_registry

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "plugins.md").read_text(encoding="utf-8")
FILES = re.findall(r"^`([\w./]+)`:\n\n```\w+\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
CONTEXTS = re.findall(
    r"^<!-- (\w+) (\w+) -->\n```json\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL
)


@pytest.mark.parametrize(("path", "shown"), FILES, ids=[path for path, _ in FILES])
def test_guide_shows_files_as_they_are(path, shown):
    assert shown == (ROOT / path).read_text(encoding="utf-8")


def test_guide_shows_the_whole_example():
    example = ROOT / "docs" / "examples"
    code = {path for path in example.rglob("*") if path.suffix in (".py", ".toml")}

    assert {ROOT / path for path, _ in FILES} >= {
        path for path in code if path.name != "__init__.py"
    }


@pytest.mark.parametrize(("plugin", "of", "context"), CONTEXTS)
def test_guide_shows_contexts_that_are_accepted(plugin, of, context):
    model = getattr(PluginRegistry().options(plugin), of)

    assert model.model_validate(json.loads(context)).model_fields_set


def test_guide_describes_every_field_of_noop():
    fields = PluginRegistry().options("noop").job.model_fields

    described = set(re.findall(r"^\| `(\w+)` \|", GUIDE, re.MULTILINE))
    assert set(fields) <= described


def test_example_announces_itself_so_that_the_registry_finds_it(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "docs" / "examples")
    project = tomllib.loads((ROOT / "docs" / "examples" / "pyproject.toml").read_text())
    announced = project["project"]["entry-points"]["heimdall.plugins"]
    registry = make_registry(installed=lambda: announced)

    assert announced
    assert [registry.plugin(name).name for name in announced] == list(announced)

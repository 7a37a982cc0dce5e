"""Every plugin for an engine has a page; the page names each field, and its examples are right."""

import json
import re
from pathlib import Path

import pytest

from heimdall.plugin.registry import PluginRegistry
from tests.fakes.engines import DRIVERS

PAGES = Path(__file__).parents[2] / "docs" / "reference" / "plugins"
EXAMPLE = re.compile(r"<!-- ([a-z-]+) (job|command|cluster) -->\n```json\n(.*?)\n```", re.DOTALL)
PLUGINS = [
    *(driver.plugin for driver in DRIVERS),
    *("clickhouse", "duckdb", "dynamo", "glue", "http", "postgres", "starrocks"),
]


def page_of(plugin: str) -> str:
    return (PAGES / f"{plugin}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("plugin", PLUGINS)
def test_page_names_every_field_of_every_context(plugin):
    options = PluginRegistry().options(plugin)
    named = set(re.findall(r"^\| (job|command|cluster) \| `(\w+)`", page_of(plugin), re.MULTILINE))

    assert named == {
        (of, field.alias or name)
        for of in ("job", "command", "cluster")
        for name, field in getattr(options, of).model_fields.items()
    }


@pytest.mark.parametrize("plugin", PLUGINS)
def test_page_has_an_example_of_each_context_that_is_accepted(plugin):
    options = PluginRegistry().options(plugin)
    checked = {
        of: getattr(options, of).model_validate(json.loads(text))
        for name, of, text in EXAMPLE.findall(page_of(plugin))
        if name == plugin
    }

    assert checked.keys() >= {
        of for of in ("job", "command", "cluster") if getattr(options, of).model_fields
    }
    if options.check is not None:
        options.check(checked["job"], checked.get("command"), checked.get("cluster"))


@pytest.mark.parametrize("plugin", PLUGINS)
def test_page_tells_of_the_permissions(plugin):
    assert "\n## Permissions\n" in page_of(plugin)

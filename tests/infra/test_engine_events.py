"""The rules for engines' events are those that the plugins speak of."""

import pytest

from heimdall.plugin.registry import PluginRegistry
from infra.config import RUNNERS
from infra.engine_events import EVENTS

PLUGINS = RUNNERS["light"]


@pytest.mark.parametrize("plugin", PLUGINS)
def test_kinds_of_events_are_the_plugins_own(plugin):
    told = {
        (kind.source, kind.detail_type, field, tuple(values))
        for kind in PluginRegistry().events(plugin)
        for field, values in kind.pattern.items()
    }

    assert told == {
        (kind.source, kind.detail_type, kind.field, tuple(kind.values))
        for kind in EVENTS
        if kind.plugin == plugin
    }


def test_each_kind_has_a_rule_that_calls_orchestrate(assembly):
    rules = assembly.properties("AWS::Events::Rule").values()

    assert {
        (rule["EventPattern"]["source"][0], rule["EventPattern"]["detail-type"][0])
        for rule in rules
    } == {(kind.source, kind.detail_type) for kind in EVENTS}
    for rule in rules:
        assert [target["Arn"] for target in rule["Targets"]] == ["OrchestrateFunction.Arn"]
        assert rule["State"] == "ENABLED"

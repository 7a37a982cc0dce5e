"""The guide on deployment tells the truth about options, parameters and policies."""

import dataclasses
import json
import re

import pytest

from infra import config
from infra.config import Config, read_config
from tests.infra.assembly import ROOT

GUIDE = (ROOT / "docs" / "guides" / "deploy.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"^<!-- ([\w ]+) -->\n```json\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
OPTIONS = [text for kind, text in SNIPPETS if kind == "options"]
CONCURRENCY_OF_OTHERS = {
    f"{name.title()}Concurrency" for name in Config().runners if name != "light"
}
"""The guide names that of one runner, and says that each has its own."""

DEFAULTS_IN_WORDS = {"the account's": None, "none": None, "nobody": ""}


def rows(heading):
    """Name and default of each row of the table whose first column is headed so."""
    table = GUIDE.split(f"| {heading} |")[1].split("\n\n")[0]
    for line in table.splitlines()[2:]:
        names, default, _ = [cell.strip() for cell in line.strip("|").split("|")]
        for name in re.findall(r"`(\w+)`", names):
            yield name, default


def value(default):
    text = default.strip("`")
    if text in DEFAULTS_IN_WORDS:
        return DEFAULTS_IN_WORDS[text]
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def test_guide_lists_every_option_with_its_default():
    defaults = json.loads(json.dumps(dataclasses.asdict(Config())))

    assert {name: value(default) for name, default in rows("option")} == defaults


def test_guide_lists_every_parameter_with_its_default(assembly):
    parameters = {
        name: parameter["Default"]
        for name, parameter in assembly.service["Parameters"].items()
        if name not in {"BootstrapVersion", *CONCURRENCY_OF_OTHERS}
    }

    assert {name: value(default) for name, default in rows("parameter")} == parameters


@pytest.mark.parametrize("text", OPTIONS)
def test_options_of_the_guide_are_taken(monkeypatch, tmp_path, text):
    (tmp_path / "plugins.txt").touch()
    monkeypatch.setattr(config, "ROOT", tmp_path)

    assert read_config(json.loads(text)) != Config()


def test_policy_of_the_guide_allows_calls_of_routes_that_there_are(assembly):
    (policy,) = [json.loads(text) for kind, text in SNIPPETS if kind == "policy of a caller"]
    routes = assembly.properties("AWS::ApiGatewayV2::Route").values()
    (prefix,) = {route["RouteKey"].split(" ")[1].removesuffix("{proxy+}") for route in routes}

    for statement in policy["Statement"]:
        assert statement["Action"] == "execute-api:Invoke"
        resources = statement["Resource"]
        for resource in [resources] if isinstance(resources, str) else resources:
            assert re.fullmatch(
                rf"arn:aws:execute-api:[a-z0-9-]+:123456789012:\w+/\$default/[A-Z]+{prefix}.+",
                resource,
            )


def test_trust_policy_of_the_guide_lets_in_what_a_runner_asks_for_and_nobody_else(assembly):
    (policy,) = [json.loads(text) for kind, text in SNIPPETS if kind == "trust policy of a role"]
    (trust,) = policy["Statement"]
    (granted,) = assembly.properties("AWS::IAM::Role")["ExecuteLightRole"]["Policies"]
    asked = {each["Sid"]: each for each in granted["PolicyDocument"]["Statement"]}["TakeRoles"]

    assert trust["Action"] == asked["Action"]
    pattern = trust["Condition"]["ArnLike"]["aws:PrincipalArn"]
    assert re.fullmatch(r"arn:aws:iam::\d{12}:role/HeimdallService-ExecuteLightRole\*", pattern)
    resources = assembly.service["Resources"].items()
    (logical_id,) = [
        name
        for name, resource in resources
        if resource["Type"] == "AWS::IAM::Role" and name.startswith("ExecuteLight")
    ]
    assert logical_id.startswith("ExecuteLightRole")


@pytest.mark.parametrize("command", re.findall(r"(?:local|node_modules|\.venv)/[\w./]+", GUIDE))
def test_programs_of_the_guide_belong_to_the_set_up(command):
    assert command in {".venv/bin/uv", ".venv/bin", "node_modules/.bin/cdk"}

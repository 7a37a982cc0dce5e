"""The templates as a whole: what cdk-nag and cfn-lint say, and every exception with its reason."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from infra.config import Config
from tests.infra.assembly import ROOT, run_app, short

CONFIG = Config()
FILES = "HeimdallStateful:ExportsOutputFnGetAttFiles"
HERE = "<AWS::Region>:<AWS::AccountId>"
OF_EXECUTORS = {
    "AwsSolutions-IAM5[Resource::*]",
    "AwsSolutions-IAM5[jobs/*]",
    "AwsSolutions-IAM5[jobs/*/context.json]",
    "AwsSolutions-IAM5[jobs/*/std*]",
    f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:secretsmanager:{HERE}:secret:heimdall/*]",
    f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ssm:{HERE}:parameter/heimdall/*]",
    "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:iam::<AWS::AccountId>:role/heimdall/*]",
}
EXCEPTIONS = {
    "LongJobsStateMachine": {"AwsSolutions-SF1", "AwsSolutions-SF2"},
    "Files": {"AwsSolutions-S1"},
    "FilesPolicy": {"AwsSolutions-S1"},
    "SubmitRole": {
        "AwsSolutions-IAM5[jobs/*/context.json]",
        "AwsSolutions-IAM5[jobs/*/result.json]",
    },
    "QueryRole": {"AwsSolutions-IAM5[jobs/*]", "AwsSolutions-IAM5[jobs/*/result.csv]"},
    "SubmitFunction": {"AwsSolutions-L1"},
    "QueryFunction": {"AwsSolutions-L1"},
    **{f"Execute{name.title()}Function": {"AwsSolutions-L1"} for name in CONFIG.runners},
    **{
        f"Execute{name.title()}Role": OF_EXECUTORS
        | ({"AwsSolutions-IAM5[jobs/*/result.*]"} if name == CONFIG.maker_of_forms() else set())
        for name in CONFIG.runners
    },
    "OrchestrateFunction": {"AwsSolutions-L1"},
}
"""What cdk-nag is told to accept, and where."""

UNSAFE_APP = """
import sys
from pathlib import Path
from infra import process
process.prepare_jsii()
from aws_cdk import aws_sqs as sqs
from infra.synthesis import application
app = application(Path(sys.argv[1]))
sqs.Queue(app.node.find_child("HeimdallService"), "Plain")
app.synth()
"""


@pytest.fixture(scope="module")
def templates(assembly):
    return [assembly.stateful, assembly.service]


def acknowledged(resource):
    rules = resource.get("Metadata", {}).get("cdk_nag", {}).get("rules_to_suppress", [])
    return {rule["id"]: rule["reason"] for rule in rules}


def without_export(rule):
    """`AwsSolutions-IAM5[Resource::<the bucket>/jobs/*]` without the bucket's long name."""
    name, found, keys = rule.partition(f"[Resource::{FILES}")
    return f"{name}[{keys.partition('/')[2]}" if found else rule


def test_cdk_nag_is_clean_but_for_the_known_exceptions(templates):
    found = {
        short(name): {without_export(rule) for rule in acknowledged(resource)}
        for template in templates
        for name, resource in template["Resources"].items()
        if acknowledged(resource)
    }

    assert found == EXCEPTIONS


def test_every_exception_has_a_sentence_of_reason(templates):
    for template in templates:
        for resource in template["Resources"].values():
            for reason in acknowledged(resource).values():
                assert reason.endswith(".")
                assert len(reason.split()) > 5


def test_synthesis_fails_on_what_cdk_nag_finds(tmp_path):
    done = run_app(tmp_path, program=("-c", UNSAFE_APP, str(tmp_path)))

    assert done.returncode != 0
    assert "AwsSolutions-SQS4" in done.stderr


def test_cfn_lint_is_clean(assembly):
    done = subprocess.run(
        [Path(sys.executable).parent / "cfn-lint", *assembly.folder.glob("*.template.json")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.returncode) == ("", 0)


def test_templates_hold_no_account_region_or_path_of_this_machine(templates):
    for template in templates:
        text = json.dumps(template)
        assert str(ROOT) not in text
        assert "us-east-1" not in text
        assert "000000000000" not in text

"""The ping plugin."""

import json

import pytest
from pydantic import ValidationError

from heimdall.plugin.spec import RunState
from heimdall.plugins.ping.options import JobOptions
from heimdall.plugins.ping.plugin import PingPlugin
from tests.fakes.runs import make_run_request


@pytest.mark.parametrize("user", ["test_user", "arn:aws:iam::123456789012:user/ada", "Ada 🛡️"])
def test_start_greets_the_user(user):
    report = PingPlugin().start(make_run_request("ping", user=user))

    assert report.state is RunState.SUCCEEDED
    assert json.loads(report.result.to_json()) == {
        "columns": [{"name": "message", "type": "string"}],
        "data": [[f"Hello, {user}!"]],
    }


def test_options_refuse_any_field():
    with pytest.raises(ValidationError):
        JobOptions.model_validate({"message": "hi"})

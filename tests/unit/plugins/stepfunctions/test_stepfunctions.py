"""What stepfunctions does beside what all plugins for engines do."""

import json
from collections.abc import Iterator

import pytest
from moto import mock_aws
from pydantic import ValidationError

from heimdall.domain.errors import AccessLostError, PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunHandle
from heimdall.plugins.stepfunctions.options import MAX_INPUT_BYTES, JobOptions
from heimdall.plugins.stepfunctions.plugin import StepFunctionsPlugin
from tests.fakes.engines.bench import EngineBench, bench_of
from tests.fakes.engines.stepfunctions import StepFunctionsDriver
from tests.fakes.runs import make_identity, make_registry, make_run_request
from tests.fakes.session import fresh_session
from tests.fakes.stubbed_aws import StubbedAws

MACHINE = "arn:aws-us-gov:states:us-gov-west-1:123456789012:stateMachine:theirs"
EXECUTION = "arn:aws-us-gov:states:us-gov-west-1:123456789012:execution:theirs:1"
HANDLE = RunHandle(
    values={"execution": EXECUTION, "machine": MACHINE, "identity": make_identity().to_text()}
)


@pytest.fixture
def bench() -> Iterator[EngineBench]:
    with bench_of(StepFunctionsDriver) as made:
        yield made


@pytest.fixture
def aws() -> Iterator[StubbedAws]:
    with mock_aws():
        fresh_session()
        yield StubbedAws()
        fresh_session()


def test_role_may_use_the_key_of_a_machine_that_has_one(bench):
    aws = bench.plugin._aws
    aws.asked.clear()

    bench.start()

    ((_, _, policy),) = aws.asked
    keys = [part for part in policy if part.actions[0].startswith("kms:")]
    assert [(list(part.actions), list(part.resources)) for part in keys] == [
        (["kms:GenerateDataKey", "kms:Decrypt"], ["arn:aws:kms:*:*:key/*"])
    ]


def test_key_that_may_not_be_used_any_more_is_no_end_of_the_execution(aws):
    aws.refuse("stepfunctions", "describe_execution", "KmsAccessDeniedException")

    with pytest.raises(AccessLostError, match="KmsAccessDeniedException"):
        StepFunctionsPlugin(aws).poll(HANDLE)


def test_key_that_may_not_be_used_fails_the_start(aws):
    aws.refuse("stepfunctions", "start_execution", "KmsAccessDeniedException")
    run = make_run_request(
        "stepfunctions",
        registry=make_registry(),
        command_context={"state_machine_arn": MACHINE},
    )

    with pytest.raises(PluginError, match="KmsAccessDeniedException") as raised:
        StepFunctionsPlugin(aws).start(run)

    assert not isinstance(raised.value, TransientPluginError)


def test_throttled_key_is_throttling(aws):
    aws.refuse("stepfunctions", "describe_execution", "KmsThrottlingException")

    with pytest.raises(TransientPluginError) as raised:
        StepFunctionsPlugin(aws).poll(HANDLE)

    assert raised.value.failure is Failure.THROTTLED


@pytest.mark.parametrize("text", ["я" * 120_000, "x" * (MAX_INPUT_BYTES - 1)])
def test_input_larger_than_step_functions_takes_is_refused_at_submission(text):
    with pytest.raises(ValidationError, match="Step Functions takes 262,144"):
        JobOptions(input=text)


def test_input_is_sent_as_it_was_measured(bench):
    given = {"a": ["я" * 40_000, 1, None], "filled": ""}
    given["filled"] = "x" * (MAX_INPUT_BYTES - len(json.dumps(given, separators=(",", ":"))))
    bench.driver.job_context = {"input": given}

    execution = bench.driver._execution(bench.start().values)

    assert len(execution.execution_input.encode()) == MAX_INPUT_BYTES
    assert json.loads(execution.execution_input) == given

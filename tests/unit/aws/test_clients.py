"""Clients in roles: what STS is asked, when credentials are renewed, what a refusal becomes."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto import mock_aws

from heimdall.aws.clients import KEPT_CLIENTS, SESSION_SECONDS, AwsClients
from heimdall.aws.failures import engine_errors
from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.identity import Allow, Identity
from tests.fakes.runs import JOB_ID, make_identity
from tests.fakes.session import fresh_session

ROLE = "arn:aws:iam::123456789012:role/heimdall/analytics"
POLICY = (Allow(["states:ListStateMachines"], ["*"]), Allow(["sts:GetCallerIdentity"], ["*"]))
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SESSION = f"arn:aws:sts::123456789012:assumed-role/analytics/heimdall-{JOB_ID}-1"


class Sts:
    """Stands before moto's STS: notes what it is asked, and refuses if it is told to.

    Attributes:
        asked: the arguments of every AssumeRole.
        refusal: the code of an error, or an exception, instead of an answer.
        now: the time by which credentials end.
    """

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.refusal: str | Exception | None = None
        self.now = NOON
        self.clients = AwsClients(now=lambda: self.now)
        events = self.clients._own.get_component("event_emitter")
        events.register("provide-client-params.sts.AssumeRole", self._note)
        events.register("before-call.sts.AssumeRole", self._refuse)
        events.register("after-call.sts.AssumeRole", self._end)

    def caller(self, **changes: Any) -> str:
        """Ask who a client in the role is."""
        return str(self.client("sts", **changes).get_caller_identity()["Arn"])

    def client(self, service: str, **changes: Any) -> Any:
        return self.clients.client(service, in_role(**changes), POLICY)

    def _note(self, params: dict[str, Any], **_: Any) -> None:
        self.asked.append(params)

    def _refuse(self, **_: Any) -> Any:
        if isinstance(self.refusal, Exception):
            raise self.refusal
        if self.refusal is None:
            return None
        error = {"Code": self.refusal, "Message": "you may not"}
        return SimpleNamespace(status_code=403), {"Error": error, "ResponseMetadata": {}}

    def _end(self, parsed: dict[str, Any], **_: Any) -> None:
        if "Credentials" in parsed:
            parsed["Credentials"]["Expiration"] = self.now + timedelta(seconds=SESSION_SECONDS)


def in_role(**changes: Any) -> Identity:
    return make_identity(**{"role_arn": ROLE, **changes})


def key_of(client: Any) -> str:
    """The access key that a client signs its next call with."""
    return str(client._request_signer._credentials.get_frozen_credentials().access_key)


@pytest.fixture
def sts() -> Iterator[Sts]:
    with mock_aws():
        fresh_session()
        yield Sts()
        boto3.DEFAULT_SESSION = None


def test_client_acts_in_the_role_that_the_cluster_names(sts):
    assert sts.caller() == SESSION


def test_answers_may_take_longer_where_that_is_asked_for(sts):
    usual = sts.clients.client("lambda", in_role(), POLICY)
    patient = sts.clients.client("lambda", in_role(), POLICY, answer_seconds=840)

    assert (usual.meta.config.read_timeout, usual.meta.config.tcp_keepalive) == (20, False)
    assert (patient.meta.config.read_timeout, patient.meta.config.tcp_keepalive) == (840, True)


def test_session_names_the_person_and_the_job_and_has_no_more_rights_than_the_policy(sts):
    sts.caller(caller="arn:aws:iam::123456789012:role/portal")

    (asked,) = sts.asked
    tags = {tag["Key"]: tag["Value"] for tag in asked.pop("Tags")}
    policy = json.loads(asked.pop("Policy"))
    assert asked == {
        "RoleArn": ROLE,
        "RoleSessionName": f"heimdall-{JOB_ID}-1",
        "SourceIdentity": "ada",
        "DurationSeconds": 3600,
    }
    assert tags == {
        "heimdall:job": JOB_ID,
        "heimdall:run": "1",
        "heimdall:deployment": "Heimdall-eu-west-1",
        "heimdall:user": "ada",
        "heimdall:caller": "arn:aws:iam::123456789012:role/portal",
    }
    assert policy["Statement"] == [
        {"Effect": "Allow", "Action": list(part.actions), "Resource": list(part.resources)}
        for part in POLICY
    ]


def test_owner_of_the_role_is_told_the_external_id(sts):
    sts.caller(external_id="theirs")

    assert sts.asked[0]["ExternalId"] == "theirs"


def test_role_is_taken_with_the_first_call_and_not_before(sts):
    client = sts.client("stepfunctions")
    assert sts.asked == []

    client.list_state_machines()
    client.list_state_machines()

    assert len(sts.asked) == 1


def test_clients_of_one_job_share_its_session(sts):
    sts.caller()
    sts.client("stepfunctions").list_state_machines()
    sts.client("s3", region="eu-west-1").list_buckets()
    once = sts.clients.client("sts", in_role(), POLICY, repeats=False)
    once.get_caller_identity()

    assert len(sts.asked) == 1
    assert once is not sts.client("sts")
    assert sts.client("sts") is sts.client("sts")


@pytest.mark.parametrize(
    "changes", [{"job_id": "other"}, {"run": 2}, {"user": "bob"}, {"external_id": "theirs"}]
)
def test_whatever_tells_identities_apart_has_a_session_of_its_own(sts, changes):
    sts.caller()
    sts.caller(**changes)

    assert len(sts.asked) == 2


def test_other_rights_are_another_session(sts):
    sts.caller()
    narrow = (Allow(["sts:GetCallerIdentity"], ["*"]),)
    sts.clients.client("sts", in_role(), narrow).get_caller_identity()

    assert len(sts.asked) == 2


def test_credentials_are_renewed_before_they_end_as_often_as_needed(sts):
    client = sts.client("sts")
    keys = [key_of(client)]

    for minutes in (30, 46, 80, 92, 180):
        sts.now = NOON + timedelta(minutes=minutes)
        keys.append(key_of(client))

    changed = [one != other for one, other in pairwise(keys)]
    assert changed == [False, True, False, True, True]
    assert len(sts.asked) == 4
    assert client.get_caller_identity()["Arn"] == SESSION


def test_renewal_that_is_refused_does_no_harm_as_long_as_credentials_last(sts):
    client = sts.client("sts")
    client.get_caller_identity()
    sts.refusal = "AccessDenied"

    sts.now = NOON + timedelta(minutes=46)
    assert client.get_caller_identity()["Arn"] == SESSION

    sts.now = NOON + timedelta(minutes=61)
    with pytest.raises(TransientPluginError), engine_errors("asking", is_under_way=True):
        client.get_caller_identity()

    sts.refusal = None
    assert client.get_caller_identity()["Arn"] == SESSION


@pytest.mark.parametrize(
    "code", ["AccessDenied", "RegionDisabledException", "PackedPolicyTooLarge"]
)
def test_role_that_cannot_be_assumed_fails_a_start_and_is_named(sts, code):
    sts.refusal = code

    with pytest.raises(PluginError) as raised, engine_errors("starting the execution"):
        sts.caller()

    assert not isinstance(raised.value, TransientPluginError)
    assert str(raised.value) == (
        f"the role {ROLE} cannot be assumed: starting the execution: {code}: you may not"
    )


def test_role_that_cannot_be_assumed_any_more_is_no_end_of_work_under_way(sts):
    sts.refusal = "AccessDenied"

    asking = engine_errors("asking for the execution", is_under_way=True)
    with pytest.raises(TransientPluginError, match=ROLE) as raised, asking:
        sts.caller()

    assert raised.value.failure is Failure.ENGINE_FAULT


@pytest.mark.parametrize(
    ("refusal", "failure"),
    [
        ("Throttling", Failure.THROTTLED),
        (EndpointConnectionError(endpoint_url="https://sts"), Failure.ENGINE_FAULT),
    ],
    ids=["throttled", "unreachable"],
)
def test_start_is_tried_again_if_sts_is_not_there_now(sts, refusal, failure):
    sts.refusal = refusal

    with pytest.raises(TransientPluginError) as raised, engine_errors("starting the execution"):
        sts.caller()

    assert raised.value.failure is failure


def test_rights_that_sts_would_not_take_are_refused_with_what_to_do(sts):
    long = (Allow(["s3:GetObject"], [f"arn:aws:s3:::bucket/{'x' * 2_000}"]),)

    with pytest.raises(PluginError, match=r"take 2,\d{3} characters, and STS takes 2,048: shorten"):
        sts.clients.client("s3", in_role(), long)

    sts.clients.client("s3", make_identity(), long)


def test_without_a_role_all_share_one_client_of_the_executor(sts):
    ours = [
        sts.clients.client("sts", make_identity(user=user, run=run), policy)
        for user, run, policy in (("ada", 1, POLICY), ("bob", 2, ()), ("", 3, POLICY))
    ]

    assert len({id(client) for client in ours}) == 1
    ours[0].get_caller_identity()
    assert sts.asked == []


@pytest.mark.parametrize("role", [None, ROLE])
@pytest.mark.parametrize(("region", "used"), [(None, "us-east-1"), ("eu-west-1", "eu-west-1")])
def test_client_is_of_the_clusters_region_or_of_the_executors(sts, role, region, used):
    client = sts.client("stepfunctions", role_arn=role, region=region)

    assert client.meta.region_name == used


def test_no_more_clients_and_sessions_are_kept_than_memory_holds(sts):
    for run in range(KEPT_CLIENTS + 3):
        sts.client("sts", run=run)

    assert sts.clients._client.cache_info().currsize == KEPT_CLIENTS
    assert sts.clients._session.cache_info().currsize == KEPT_CLIENTS


def test_threads_that_ask_at_once_get_one_client(sts):
    with ThreadPoolExecutor(8) as threads:
        clients = list(threads.map(lambda _: sts.client("sts"), range(32)))
        told = set(threads.map(lambda client: client.get_caller_identity()["Arn"], clients))

    assert len({id(client) for client in clients}) == 1
    assert told == {SESSION}
    assert len(sts.asked) == 1

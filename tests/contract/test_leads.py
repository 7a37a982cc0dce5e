"""What the store of leads promises, in DynamoDB and in the fake: of all who take one, one leads."""

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from heimdall.domain.errors import StoreThrottledError
from heimdall.domain.job import MAX_AGE_SECONDS
from heimdall.store import keys
from heimdall.store.leads import DynamoLeads
from tests.factories import NOW_MS
from tests.fakes.leads import InMemoryLeads
from tests.fakes.tables import JOBS

KEY, OTHER_KEY = "a" * 64, "b" * 64


@pytest.fixture
def dynamo_leads(aws):
    return DynamoLeads(boto3.client("dynamodb"), JOBS)


@pytest.fixture(params=["dynamodb", "memory"])
def leads(request):
    is_real = request.param == "dynamodb"
    return request.getfixturevalue("dynamo_leads") if is_real else InMemoryLeads()


def take(leads, job_id, replacing=None, key=KEY):
    return leads.take(key, job_id, replacing=replacing, now_ms=NOW_MS)


def test_nobody_leads_at_first(leads):
    assert leads.leader(KEY) is None


def test_first_leads_and_the_second_is_told_who(leads):
    assert take(leads, "first") is None
    assert take(leads, "second") == "first"

    assert leads.leader(KEY) == "first"


def test_who_leads_already_goes_on_leading(leads):
    take(leads, "first")

    assert take(leads, "first") is None
    assert take(leads, "first", replacing="second") is None


def test_leader_is_replaced_by_who_knows_it(leads):
    take(leads, "first")

    assert take(leads, "second", replacing="first") is None
    assert leads.leader(KEY) == "second"


def test_of_two_who_replace_a_leader_one_does(leads):
    take(leads, "first")
    take(leads, "second", replacing="first")

    assert take(leads, "third", replacing="first") == "second"
    assert leads.leader(KEY) == "second"


def test_lead_that_expired_meanwhile_is_taken(leads):
    assert take(leads, "second", replacing="first") is None


def test_other_work_has_its_own_leader(leads):
    take(leads, "first")

    assert take(leads, "second", key=OTHER_KEY) is None
    assert (leads.leader(KEY), leads.leader(OTHER_KEY)) == ("first", "second")


def test_lead_is_kept_longer_than_any_result_is_shared_and_not_for_ever(dynamo_leads):
    take(dynamo_leads, "first")

    item = dynamo_leads.client.get_item(TableName=JOBS, Key=keys.lead_key(KEY))["Item"]
    kept_seconds = int(item["expires_at"]["N"]) - NOW_MS // 1_000
    assert MAX_AGE_SECONDS < kept_seconds < 30 * 86_400
    assert not {"shard", "unfinished", "id"} & item.keys()


@pytest.mark.parametrize(
    "call", [lambda leads: leads.leader(KEY), lambda leads: take(leads, "first")]
)
def test_store_out_of_reach_and_store_that_refuses_are_told_apart(dynamo_leads, call):
    def unreachable(**_):
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    def denied(**_):
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "any")

    events = dynamo_leads.client.meta.events
    events.register("before-call.dynamodb.*", unreachable, unique_id="fault")
    with pytest.raises(StoreThrottledError):
        call(dynamo_leads)
    events.unregister("before-call.dynamodb.*", unique_id="fault")
    events.register("before-call.dynamodb.*", denied)
    with pytest.raises(ClientError, match="AccessDenied"):
        call(dynamo_leads)

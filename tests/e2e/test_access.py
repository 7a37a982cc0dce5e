from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from local import identities
from local.aws import ACCOUNT, REGION
from local.environment import Environment
from tests.e2e.api import Api, job_body

READER = "reader-of-jobs"


@pytest.fixture
def reader(environment: Environment) -> Iterator[Api]:
    """Somebody whose policy allows to list jobs and nothing else."""
    iam = environment.client("iam")
    users = identities.Identities(iam, environment.directory / "test-credentials.json")
    api_id = environment.api_url.rpartition("/")[2]
    route = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api_id}/*/GET/api/v1/job/statuses"
    key = users.ensure(READER, [identities.allow(["execute-api:Invoke"], [route])])
    with Api(environment.api_url, key) as api:
        yield api


def test_unsigned_request_is_refused(environment: Environment):
    with Api(environment.api_url) as nobody:
        assert nobody.request("GET", "/job/statuses").status_code == httpx.codes.FORBIDDEN
        assert nobody.request("POST", "/job", json={}).status_code == httpx.codes.FORBIDDEN


def test_wrong_signature_is_refused(environment: Environment):
    key = environment.credentials(identities.DEVELOPER)
    with Api(environment.api_url, replace(key, secret_access_key="x" * 40)) as forger:
        assert forger.request("GET", "/job/statuses").status_code == httpx.codes.FORBIDDEN


def test_unknown_access_key_is_refused(environment: Environment):
    key = replace(environment.credentials(identities.DEVELOPER), access_key_id="AKIA" + "A" * 16)
    with Api(environment.api_url, key) as stranger:
        assert stranger.request("GET", "/job/statuses").status_code == httpx.codes.FORBIDDEN


def test_body_that_is_not_the_signed_one_is_refused(api: Api):
    signed = httpx.Request("POST", f"{api.url}/api/v1/job", json=job_body("ping"))
    answer = httpx.post(
        signed.url, json=job_body("shell"), headers=api.signature(signed), trust_env=False
    )

    assert answer.status_code == httpx.codes.FORBIDDEN


def test_user_is_refused_what_the_policy_does_not_allow(reader: Api):
    assert reader.request("GET", "/job/statuses").status_code == httpx.codes.OK
    for method, path in (("GET", "/jobs"), ("POST", "/job"), ("PUT", "/command/ping-0.0.1")):
        answer = reader.request(method, path, json={} if method != "GET" else None)
        assert answer.status_code == httpx.codes.FORBIDDEN, path


def test_caller_is_who_signed(api: Api):
    assert api.submit(job_body("ping"))["user"] == identities.DEVELOPER


def test_named_user_is_refused_from_others_than_the_proxy(api: Api):
    answer = api.request(
        "POST", "/job", json=job_body("ping"), headers={"X-Heimdall-User": "somebody"}
    )

    assert answer.status_code == httpx.codes.FORBIDDEN
    assert answer.json()["code"] == "forbidden"


def test_named_user_is_the_caller_behind_the_proxy(gateway: Api):
    answer = gateway.request(
        "POST", "/job", json=job_body("ping"), headers={"X-Heimdall-User": "somebody"}
    )

    assert answer.json()["user"] == "somebody"
    assert answer.json()["result"]["data"] == [["Hello, somebody!"]]


def test_web_page_elsewhere_is_refused_by_the_gateway(gateway: Api):
    for headers in ({"Origin": "https://example.com"}, {"Host": "example.com"}):
        answer = gateway.request("GET", "/job/statuses", headers=headers)
        assert answer.status_code in (httpx.codes.FORBIDDEN, httpx.codes.MISDIRECTED_REQUEST)

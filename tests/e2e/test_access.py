from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from local import identities
from local.aws import ACCOUNT, REGION
from local.environment import Environment
from tests.e2e.api import Api, job_body, shell_body, wait_for

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


@pytest.mark.parametrize("way", ["gateway", "api"])
def test_signer_and_developer_are_admins(way: str, request: pytest.FixtureRequest):
    admin: Api = request.getfixturevalue(way)
    cluster = {"name": "of-an-admin"}
    binding = {"role": "viewer", "principals": ["named:nobody-in-particular"]}

    for path, body in (("/cluster/of-an-admin", cluster), ("/binding/of-an-admin", binding)):
        assert admin.request("PUT", path, json=body).status_code == httpx.codes.OK
    newest = admin.request("GET", "/audit?target=binding%2Fof-an-admin&limit=1").json()["data"][0]
    assert (newest["action"], newest["outcome"]) == ("binding.put", "done")
    assert "named" not in newest["subject"]


def test_named_user_is_a_submitter(gateway: Api):
    ada, eve = {"X-Heimdall-User": "ada"}, {"X-Heimdall-User": "eve"}
    job = gateway.request("POST", "/job", json=shell_body("sleep", "60"), headers=ada).json()
    path = f"/job/{job['id']}"

    for method, of_admins in (
        ("PUT", "/cluster/of-ada"),
        ("PUT", "/command/ping-0.0.1/status"),
        ("PUT", "/binding/of-ada"),
        ("GET", "/bindings"),
        ("PUT", "/policy/of-ada"),
        ("GET", "/policies"),
        ("GET", "/audit"),
    ):
        answer = gateway.request(method, of_admins, json={}, headers=ada)
        assert answer.status_code == httpx.codes.FORBIDDEN, of_admins
        assert answer.json()["code"] == "forbidden"
    for method, of_ada in (("GET", path), ("GET", f"{path}/stdout"), ("POST", f"{path}/cancel")):
        answer = gateway.request(method, of_ada, headers=eve)
        assert answer.status_code == httpx.codes.FORBIDDEN, of_ada
    assert gateway.request("GET", path, headers=ada).json()["user"] == "ada"
    assert gateway.request("POST", f"{path}/cancel", headers=ada).is_success
    trail = gateway.request("GET", "/audit?user=eve&outcome=refused").json()["data"]
    assert {(entry["action"], entry["target"]) for entry in trail} == {
        ("job.read", f"job/{job['id']}"),
        ("job.cancel", f"job/{job['id']}"),
    }


def test_binding_gives_a_named_user_another_role(gateway: Api):
    olga = {"X-Heimdall-User": "olga"}
    job = gateway.request("POST", "/job", json=job_body("ping")).json()
    path = f"/job/{job['id']}"
    assert gateway.request("GET", path, headers=olga).status_code == httpx.codes.FORBIDDEN

    binding = {"role": "operator", "principals": ["named:olga"]}
    assert gateway.request("PUT", "/binding/olga", json=binding).is_success

    wait_for(
        lambda: gateway.request("GET", path, headers=olga).is_success,
        seconds=15,
        what="the binding to be honoured",
    )


@pytest.mark.parametrize(
    "name",
    ["X-Forwarded-User", "X-Amzn-Iam-User-Arn", "X-Remote-User", "X-Heimdall-Role", "Cookie"],
)
def test_other_headers_say_nothing_of_who_calls(name: str, api: Api):
    answer = api.request("POST", "/job", json=job_body("ping"), headers={name: "eve"})

    assert answer.json()["user"] == identities.DEVELOPER


def test_user_header_is_the_same_header_in_any_case(api: Api):
    answer = api.request("GET", "/jobs", headers={"x-HEIMDALL-uSER": "eve"})

    assert answer.status_code == httpx.codes.FORBIDDEN

import datetime as dt
from urllib.parse import parse_qsl, urlsplit

import anyio
import botocore.session
import httpx
import pytest
from botocore.auth import SigV4Auth as BotocoreSigner
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, RefreshableCredentials
from hypothesis import given
from hypothesis import strategies as st

from heimdall_client import ConfigurationError, CredentialsError, SigV4Auth
from heimdall_client._connection import segment
from tests.unit.client.signatures import SECRET, Keys, is_signed_by, scope_of, signed_headers_of

HOST = "https://abc.execute-api.eu-west-1.amazonaws.com"
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
ids = texts.filter(lambda text: text not in {"", ".", ".."})


KEYS = Keys(Credentials("AKIDEXAMPLE", SECRET), "us-east-1")


def sent(
    url: str | httpx.URL, *, keys: Keys = KEYS, method: str = "GET", **request
) -> httpx.Request:
    """Send a request through the signer, and return what the network got."""
    seen: list[httpx.Request] = []

    def answer(arrived: httpx.Request) -> httpx.Response:
        seen.append(arrived)
        return httpx.Response(200)

    region = request.pop("region", None)
    with httpx.Client(
        auth=SigV4Auth(session=keys, region=region), transport=httpx.MockTransport(answer)
    ) as client:
        client.request(method, url, **request)
    return seen[0]


@given(
    job_id=ids,
    parameters=st.lists(st.tuples(texts, texts), max_size=4),
    body=st.binary(max_size=40),
)
def test_any_path_query_and_body_arrives_with_a_valid_signature(job_id, parameters, body):
    request = sent(
        f"{HOST}/api/v1/job/{segment(job_id)}", method="POST", params=parameters, content=body
    )

    assert is_signed_by(request)
    arrived = parse_qsl(request.url.query.decode(), keep_blank_values=True)
    assert sorted(arrived) == sorted(parameters)


@given(
    path=st.text("abz09-._~%/:@!$&'()*+,;=é😀 ", max_size=12).map(lambda text: f"/{text}x"),
    parameters=st.lists(st.tuples(texts, texts), max_size=4),
)
def test_signature_is_the_one_that_botocore_gives_its_own_requests(path, parameters):
    url = httpx.URL(f"{HOST}{path.replace('?', '').replace('//', '/')}")
    request = sent(url, params=parameters)
    path_on_the_wire = urlsplit(str(request.url)).path

    botocores = AWSRequest(
        method="GET",
        url=f"{HOST}{path_on_the_wire}",
        params=parameters,
        headers={"host": request.headers["host"]},
    )
    signer = BotocoreSigner(KEYS.credentials, "execute-api", "eu-west-1")
    botocores.context["timestamp"] = request.headers["x-amz-date"]
    botocores.headers["X-Amz-Date"] = request.headers["x-amz-date"]
    text = signer.string_to_sign(botocores, signer.canonical_request(botocores))

    assert request.headers["authorization"].endswith(signer.signature(text, botocores))


@given(
    st.binary(max_size=20).map(
        lambda raw: raw.translate(None, bytes([*range(33), *b"#", *range(127, 256)]))
    )
)
def test_any_query_that_a_program_writes_by_hand_is_signed_as_it_is_sent(query):
    url = httpx.URL(f"{HOST}/jobs").copy_with(query=query)

    assert is_signed_by(sent(url))


@pytest.mark.parametrize(
    ("given_query", "on_the_wire"),
    [
        (b"a=1&a=0&b=", b"a=1&a=0&b="),
        (b"name=a+b", b"name=a%20b"),
        (b"name=a%2bb", b"name=a%2Bb"),
        (b"flag&&x=%7e", b"flag=&x=~"),
        (b"q=100%&tags=a:b,c", b"q=100%25&tags=a%3Ab%2Cc"),
        (b"x=%ff", b"x=%FF"),
        (b"&", b""),
    ],
)
def test_query_is_written_in_one_way_only(given_query, on_the_wire):
    request = sent(httpx.URL(f"{HOST}/jobs").copy_with(query=given_query))

    assert request.url.query == on_the_wire
    assert is_signed_by(request)


def test_a_changed_request_is_not_signed():
    request = sent(f"{HOST}/job", method="POST", content=b"{}")
    request.headers["content-type"] = "text/plain"

    assert is_signed_by(request)
    assert not is_signed_by(httpx.Request("PUT", request.url, headers=request.headers))


def test_only_what_proxies_leave_alone_is_signed():
    request = sent(
        f"{HOST}/job",
        method="POST",
        json={},
        headers={"X-Heimdall-User": "test_user", "Accept-Language": "en"},
    )

    assert signed_headers_of(request) == ["content-type", "host", "x-amz-date", "x-heimdall-user"]


def test_session_token_is_sent_and_signed():
    keys = Keys(Credentials("ASIAEXAMPLE", SECRET, "token"))
    request = sent(f"{HOST}/jobs", keys=keys)

    assert request.headers["x-amz-security-token"] == "token"
    assert "x-amz-security-token" in signed_headers_of(request)
    assert is_signed_by(request)


@pytest.mark.parametrize(
    ("url", "region", "expected"),
    [
        (HOST, None, "eu-west-1"),
        ("https://a.execute-api.cn-north-1.amazonaws.com.cn", None, "cn-north-1"),
        ("https://heimdall.example.com", None, "us-east-1"),
        ("http://127.0.0.1:4566", None, "us-east-1"),
        ("https://a.execute-api.eu-west-1.amazonaws.com.example.com", None, "us-east-1"),
        (HOST, "ap-south-1", "ap-south-1"),
    ],
)
def test_region_is_the_given_one_or_the_hosts_or_the_sessions(url, region, expected):
    assert scope_of(sent(f"{url}/jobs", region=region))[1:3] == [expected, "execute-api"]


def test_port_of_the_host_is_signed():
    request = sent("http://127.0.0.1:4566/jobs")

    assert request.headers["host"] == "127.0.0.1:4566"
    assert is_signed_by(request)


def test_unknown_region_is_an_error_with_its_remedy():
    keys = Keys(Credentials("AKIDEXAMPLE", SECRET), region=None)

    with pytest.raises(ConfigurationError, match="AWS_DEFAULT_REGION"):
        sent("https://heimdall.example.com/jobs", keys=keys)


def test_missing_credentials_are_an_error_with_its_remedy():
    with pytest.raises(CredentialsError, match="AWS_PROFILE"):
        sent(f"{HOST}/jobs", keys=Keys(None))


def test_credentials_that_appear_later_are_used():
    keys = Keys(None)
    with pytest.raises(CredentialsError):
        sent(f"{HOST}/jobs", keys=keys)
    keys.credentials = KEYS.credentials

    assert is_signed_by(sent(f"{HOST}/jobs", keys=keys))


def test_unusable_credentials_are_an_error(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")

    with pytest.raises(CredentialsError, match="no-such-profile"):
        sent(f"{HOST}/jobs", keys=botocore.session.Session())


def test_credentials_come_from_the_environment_by_default(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDENVIRONMENT")

    assert scope_of(sent(f"{HOST}/jobs", keys=None))
    assert "AKIDENVIRONMENT" in sent(f"{HOST}/jobs", keys=None).headers["authorization"]


def test_expired_credentials_are_refreshed():
    now = dt.datetime.now(dt.UTC)

    def refresh() -> dict[str, str]:
        return {
            "access_key": "AKIDNEW",
            "secret_key": "new secret",
            "token": "new token",
            "expiry_time": (now + dt.timedelta(hours=1)).isoformat(),
        }

    keys = Keys(
        RefreshableCredentials(
            "AKIDOLD",
            "old secret",
            "old token",
            expiry_time=now - dt.timedelta(minutes=1),
            refresh_using=refresh,
            method="test",
        )
    )
    request = sent(f"{HOST}/jobs", keys=keys)

    assert request.headers["x-amz-security-token"] == "new token"
    assert is_signed_by(request, secret="new secret")


def test_async_client_signs_the_same():
    async def pieces():
        yield b'{"name":'
        yield b'"a"}'

    async def send() -> httpx.Request:
        async with httpx.AsyncClient(
            auth=SigV4Auth(session=KEYS),
            transport=httpx.MockTransport(lambda request: httpx.Response(200)),
        ) as client:
            return (await client.post(f"{HOST}/job", content=pieces())).request

    request = anyio.run(send)

    assert request.content == b'{"name":"a"}'
    assert is_signed_by(request)

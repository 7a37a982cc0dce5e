"""Who a request is from, and for whom."""

import pytest

from heimdall.domain.access import Caller
from heimdall.domain.errors import ForbiddenError, InvalidRequestError, UnauthenticatedError
from heimdall.http.auth import MAX_USER_CHARACTERS, caller_of, signer_of
from tests.factories import ACCOUNT, ALICE, PROXY, http_event

ROLE = f"arn:aws:iam::{ACCOUNT}:role/etl"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/etl/alice@example.com"
TRUSTED = frozenset({PROXY, ROLE})


def call(arn, *, user=None, trusted=TRUSTED):
    headers = {} if user is None else {"x-heimdall-user": user}
    return call_with(headers, arn=arn, trusted=trusted)


def call_with(headers, *, arn=ALICE, trusted=TRUSTED):
    event = http_event("GET", "/api/v1/jobs", headers=headers, user_arn=arn)
    return caller_of(event, signer_of(event), trusted)


@pytest.mark.parametrize(
    ("arn", "principal", "name"),
    [
        (ALICE, ALICE, "alice"),
        (f"arn:aws:iam::{ACCOUNT}:user/team/data/bob", None, "bob"),
        (SESSION, ROLE, "etl"),
        (
            f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/etl/x",
            f"arn:aws-cn:iam::{ACCOUNT}:role/etl",
            "etl",
        ),
        (f"arn:aws:iam::{ACCOUNT}:root", None, "root"),
        (f"arn:aws:sts::{ACCOUNT}:federated-user/carol", None, "carol"),
    ],
)
def test_caller_is_whom_iam_names(arn, principal, name):
    assert call(arn) == Caller(principal=principal or arn, user=name)


def test_sessions_of_a_role_are_one_caller():
    other = f"arn:aws:sts::{ACCOUNT}:assumed-role/etl/root"

    assert call(SESSION) == call(other)


@pytest.mark.parametrize(
    "authorizer",
    [{}, {"iam": None}, {"iam": {}}, {"iam": {"userArn": ""}}, {"jwt": {"claims": {}}}],
)
def test_request_without_an_iam_identity_is_refused(authorizer):
    event = http_event("GET", "/api/v1/jobs")
    event["requestContext"]["authorizer"] = authorizer

    with pytest.raises(UnauthenticatedError, match="SigV4"):
        signer_of(event)


def test_request_without_an_authorizer_is_refused():
    event = http_event("GET", "/api/v1/jobs", headers={"x-heimdall-user": "alice"})
    del event["requestContext"]["authorizer"]

    with pytest.raises(UnauthenticatedError):
        signer_of(event)


def test_request_without_headers_is_the_callers_own():
    event = http_event("GET", "/api/v1/jobs")
    del event["headers"]

    assert caller_of(event, signer_of(event), TRUSTED).user == "alice"


def test_request_is_known_by_its_id_in_the_logs():
    event = http_event("GET", "/api/v1/jobs", headers={"x-heimdall-user": "bob"}, user_arn=PROXY)

    assert signer_of(event).request_id == "request-1"
    assert caller_of(event, signer_of(event), TRUSTED).request_id == "request-1"


@pytest.mark.parametrize("name", ["X-Heimdall-User", "X-HEIMDALL-USER", "x-HeimDall-uSer"])
def test_header_counts_however_it_is_spelled(name):
    assert call_with({name: "bob"}, arn=PROXY).user == "bob"
    with pytest.raises(ForbiddenError):
        call_with({name: "bob"})


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "x-amzn-iam-user-arn",
        "x-amz-security-token",
        "x-amzn-requestcontext",
        "x-forwarded-user",
        "x-forwarded-for",
        "x-remote-user",
        "x_heimdall_user",
        "x-heimdall-user-",
        "x-heimdall-role",
        "cookie",
    ],
)
@pytest.mark.parametrize("arn", [ALICE, PROXY])
def test_no_other_header_has_an_effect(name, arn):
    assert call_with({name: "bob"}, arn=arn) == call(arn)


@pytest.mark.parametrize(("arn", "principal"), [(PROXY, PROXY), (SESSION, ROLE)])
def test_trusted_proxy_names_the_user(arn, principal):
    assert call(arn, user="test_user") == Caller(
        principal=principal, user="test_user", is_named=True
    )


def test_trusted_proxy_that_names_nobody_is_itself():
    assert call(PROXY) == Caller(principal=PROXY, user="proxy")


@pytest.mark.parametrize(
    "arn",
    [
        ALICE,
        f"arn:aws:sts::{ACCOUNT}:assumed-role/other/proxy",
        f"arn:aws:iam::{ACCOUNT}:user/team/proxy",
        "arn:aws:iam::000000000000:user/proxy",
        "arn:aws:sts::000000000000:assumed-role/etl/x",
        f"arn:aws:iam::{ACCOUNT}:role/etl/x",
        f"arn:aws:iam::{ACCOUNT}:root",
    ],
)
@pytest.mark.parametrize("user", ["bob", "alice", ""])
def test_nobody_else_may_name_a_user(arn, user):
    with pytest.raises(ForbiddenError, match="X-Heimdall-User"):
        call(arn, user=user)


def test_nobody_is_trusted_when_no_proxy_is_configured():
    with pytest.raises(ForbiddenError):
        call(PROXY, user="bob", trusted=frozenset())


@pytest.mark.parametrize(
    ("sent", "user"),
    [
        ("  bob ", "bob"),
        ("Bob Builder", "Bob Builder"),
        ("ünï🛡", "ünï🛡"),
        ("u" * MAX_USER_CHARACTERS, "u" * MAX_USER_CHARACTERS),
        (f" {'u' * MAX_USER_CHARACTERS} ", "u" * MAX_USER_CHARACTERS),
    ],
)
def test_name_is_taken_without_the_space_around_it(sent, user):
    assert call(PROXY, user=sent).user == user


@pytest.mark.parametrize(
    "user",
    [
        "",
        "  ",
        "\t",
        "u" * (MAX_USER_CHARACTERS + 1),
        "a\nb",
        "a\0b",
        "a\x1b[31mb",
        "a\x7fb",
        "a\u202eb",
        "a\ud800b",
    ],
)
def test_name_that_is_blank_too_long_or_not_printable_is_refused(user):
    with pytest.raises(InvalidRequestError, match="1 to 128 printable characters") as refused:
        call(PROXY, user=user)

    assert [detail["path"] for detail in refused.value.details] == ["X-Heimdall-User"]

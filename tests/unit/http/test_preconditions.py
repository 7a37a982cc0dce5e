"""If-Match and If-None-Match: what they mean, and what is none of either."""

import pytest

from heimdall.domain.errors import InvalidRequestError, RevisionConflictError
from heimdall.domain.history import ANY, Precondition
from heimdall.http.preconditions import etag, precondition_of
from tests.factories import http_event, make_command


def read(**headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return precondition_of(http_event("PUT", "/api/v1/command/x", headers=named))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, ANY),
        ({"if_match": '"12"'}, Precondition(revision=12)),
        ({"if_match": "12"}, Precondition(revision=12)),
        ({"if_match": ' "012" '}, Precondition(revision=12)),
        ({"if_match": "9" * 18}, Precondition(revision=10**18 - 1)),
        ({"if_match": "*"}, Precondition(exists=True)),
        ({"if_none_match": "*"}, Precondition(exists=False)),
    ],
)
def test_header_says_how_the_entry_has_to_stand(headers, expected):
    assert read(**headers) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        '"',
        '""',
        '"12',
        '12"',
        "-1",
        "1.0",
        "0x1",
        "٣",
        'W/"12"',
        '"1", "2"',
        "abc",
        "9" * 5_000,
    ],
)
def test_malformed_if_match_is_refused(value):
    with pytest.raises(InvalidRequestError, match="If-Match") as refused:
        read(if_match=value)

    assert refused.value.details[0]["path"] == "If-Match"


@pytest.mark.parametrize("headers", [{"if_none_match": '"12"'}, {"if_none_match": ""}])
def test_if_none_match_of_a_revision_is_refused(headers):
    with pytest.raises(InvalidRequestError, match="If-None-Match"):
        read(**headers)


def test_both_headers_at_once_are_refused():
    with pytest.raises(InvalidRequestError, match="cannot be combined"):
        read(if_match="*", if_none_match="*")


def test_event_without_headers_expects_nothing():
    assert precondition_of({}) is ANY


def test_etag_is_what_if_match_takes():
    entry = make_command(revision=12)

    precondition = read(if_match=etag(entry)["ETag"])

    precondition.check(entry)
    assert etag(entry) == {"ETag": '"12"'}


@pytest.mark.parametrize(
    ("precondition", "existing", "current", "sentence"),
    [
        (
            Precondition(revision=3),
            make_command(revision=4),
            4,
            "expects revision 3, .* at revision 4",
        ),
        (Precondition(revision=3), None, None, "expects revision 3, .* no such entry"),
        (Precondition(exists=True), None, None, "expects it to exist"),
        (Precondition(exists=False), make_command(revision=4), 4, "expects it not to exist"),
    ],
)
def test_entry_that_stands_otherwise_is_a_conflict(precondition, existing, current, sentence):
    with pytest.raises(RevisionConflictError, match=sentence) as refused:
        precondition.check(existing)

    assert refused.value.details == {"current_revision": current}


@pytest.mark.parametrize(
    ("precondition", "existing"),
    [
        (ANY, None),
        (ANY, make_command(revision=4)),
        (Precondition(revision=4), make_command(revision=4)),
        (Precondition(exists=True), make_command(revision=4)),
        (Precondition(exists=False), None),
    ],
)
def test_entry_that_stands_so_is_none(precondition, existing):
    precondition.check(existing)

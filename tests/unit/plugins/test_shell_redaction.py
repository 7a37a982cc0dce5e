"""What the shell plugin takes out of context.json."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heimdall.plugins.shell.redaction import REMOVED, says_secret, without_secrets

MARKER = "hunter2"

SECRET_NAMES = [
    "password",
    "PASSWORD",
    "db_password_2",
    "dbPassword",
    "passwd",
    "DB_PASS",
    "dbPass",
    "pwd",
    "passphrase",
    "secret",
    "client-secret",
    "secrets",
    "token",
    "accessToken",
    "refresh_token",
    "apiKey",
    "APIKey",
    "api key",
    "X-API-Key",
    "private_key",
    "privateKeyPem",
    "aws_secret_access_key",
    "aws_access_key_id",
    "encryption_key",
    "credential",
    "credentials",
    "connection_string",
    "ConnectionString",
    "Authorization",
    "dsn",
]
PLAIN_NAMES = [
    "",
    "user",
    "host",
    "key",
    "sort_key",
    "keys",
    "path",
    "compass",
    "bypass",
    "pass_through",
    "author",
    "pattern",
    "name",
    "日本",
]

plain_names = st.sampled_from(PLAIN_NAMES)
plain_values = st.none() | st.booleans() | st.integers() | st.sampled_from(["", "a", "b:c@d"])


def nested(leaves):
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain_names, inner, max_size=3),
        max_leaves=10,
    )


def secret_fields():
    hidden = nested(st.just(MARKER) | plain_values)
    return st.dictionaries(st.sampled_from(SECRET_NAMES), hidden, min_size=1, max_size=3)


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_says_secret_finds(name):
    assert says_secret(name)


@pytest.mark.parametrize("name", PLAIN_NAMES)
def test_says_secret_leaves(name):
    assert not says_secret(name)


@given(nested(plain_values | secret_fields()))
def test_no_secret_is_left_at_any_depth(context):
    assert MARKER not in json.dumps(without_secrets(context))


@given(nested(plain_values))
def test_what_is_no_secret_stays_as_it_is(context):
    assert without_secrets(context) == context


@given(nested(plain_values | secret_fields()))
def test_the_context_itself_is_not_changed(context):
    before = json.dumps(context)

    without_secrets(context)

    assert json.dumps(context) == before


@pytest.mark.parametrize("value", [MARKER, 42, None, True, [MARKER], {"user": MARKER}])
def test_the_name_of_a_secret_stays(value):
    assert without_secrets({"a": [{"password": value}]}) == {"a": [{"password": REMOVED}]}


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("postgres://ada:hunter2@db:5432/x", f"postgres://ada:{REMOVED}@db:5432/x"),
        ("redis://:hunter2@db", f"redis://:{REMOVED}@db"),
        (f"try https://a:{MARKER}@b or http://c:{MARKER}@d/", None),
        ("https://ada@host/a:b@c", "https://ada@host/a:b@c"),
        ("http://host:80/", "http://host:80/"),
        ("s3://bucket/key:1@2", "s3://bucket/key:1@2"),
    ],
)
def test_passwords_in_urls_are_removed(value, kept):
    removed = without_secrets([value])[0]

    assert MARKER not in removed
    assert kept in (None, removed)

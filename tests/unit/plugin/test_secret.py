"""References to secrets, and what they are turned into in a run."""

import json

import pytest
from pydantic import BaseModel, ValidationError

from heimdall.domain.errors import PluginError
from heimdall.plugin.options import PluginOptions
from heimdall.plugin.redaction import Redactor
from heimdall.plugin.secret import Secret, SecretReader, SecretReference, looks_like_reference
from tests.fakes.runs import secret_store

KEPT = {
    "secretsmanager:heimdall/db": json.dumps(
        {"user": "ada", "password": "hunter2", "port": 54321, "x": True}
    ),
    "ssm:/heimdall/token": "s3cr3t-token",
    "ssm:/heimdall/short": "abc",
}


class Options(PluginOptions):
    password: Secret
    other: Secret | None = None


class Nested(BaseModel):
    database: Options


def reader(redactor=None, read=None):
    return SecretReader(read or secret_store(KEPT), redactor or Redactor())


def revealed(text, **changes):
    options = Options.model_validate({"password": text}, context={"secrets": reader(**changes)})
    return options.password.reveal()


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("secretsmanager:heimdall/db", ("secretsmanager", "heimdall/db", "")),
        ("secretsmanager:heimdall/db#pass word", ("secretsmanager", "heimdall/db", "pass word")),
        (
            "secretsmanager:heimdall/a/b_c.d@e+f=g-h",
            ("secretsmanager", "heimdall/a/b_c.d@e+f=g-h", ""),
        ),
        ("ssm:/heimdall/a#b#c", ("ssm", "/heimdall/a", "b#c")),
    ],
)
def test_reference_is_read_and_written(text, reference):
    parsed = SecretReference.parse(text)

    assert (parsed.source, parsed.name, parsed.key) == reference
    assert str(parsed) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hunter2", "holds a secret, so it takes a reference and no plain text"),
        ("", "holds a secret"),
        ("secretsmanager", "holds a secret"),
        ("env:HOME", "holds a secret"),
        ("secretsmanager:", "is no reference to a secret"),
        ("secretsmanager:heimdall/db#", "is no reference to a secret"),
        ("secretsmanager:heimdall/a b", "is no reference to a secret"),
        ("secretsmanager:heimdall/a\n", "is no reference to a secret"),
        ("secretsmanager:arn:aws:secretsmanager:x", "is no reference to a secret"),
        ("secretsmanager:heimdall/" + "a" * 600, "is no reference to a secret"),
        ("ssm:/heimdall/*", "is no reference to a secret"),
        ("ssm:/heimdall/a#\n", "is no reference to a secret"),
        ("secretsmanager:prod/db", "names of secretsmanager: begin with heimdall/"),
        ("secretsmanager:heimdall/", "names of secretsmanager: begin with heimdall/"),
        ("ssm:heimdall/a", "names of ssm: begin with /heimdall/"),
        ("vault:kv/data/db", "vault: is not available in this deployment"),
    ],
)
def test_what_is_no_reference_is_refused_without_being_repeated(text, reason):
    with pytest.raises(ValidationError) as raised:
        Options.model_validate({"password": text})

    [fault] = raised.value.errors(include_input=False)
    assert fault["loc"] == ("password",)
    assert fault["msg"].startswith(reason)
    if len(text) > 6 and text.partition(":")[0] not in ("secretsmanager", "ssm"):
        assert text not in str(raised.value)


@pytest.mark.parametrize("value", [1, True, ["ssm:/heimdall/a"], {"ref": "x"}, None])
def test_reference_is_a_text(value):
    with pytest.raises(ValidationError, match="must be a text: a reference to a secret"):
        Options.model_validate({"password": value})


def test_plain_text_is_in_no_error_of_a_model_that_holds_the_options():
    with pytest.raises(ValidationError) as raised:
        Options.model_validate({"password": "hunter2", "other": "ssm:/heimdall/a", "more": 1})

    assert "hunter2" not in str(raised.value)


def test_secret_shows_its_reference_only():
    options = Options.model_validate(
        {"password": "ssm:/heimdall/token"}, context={"secrets": reader()}
    )
    options.password.reveal()

    shown = [
        repr(options),
        str(options.password),
        options.model_dump_json(),
        f"{options.password!r}",
    ]
    assert all("ssm:/heimdall/token" in text for text in shown)
    assert not any("s3cr3t" in text for text in shown)


def test_secrets_are_equal_when_they_are_kept_in_the_same_place():
    first, second = (Secret(SecretReference("ssm", "/heimdall/a")) for _ in range(2))

    assert first == second
    assert len({first, second}) == 1
    assert first != Secret(SecretReference("ssm", "/heimdall/b"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ssm:/heimdall/token", "s3cr3t-token"),
        ("secretsmanager:heimdall/db#password", "hunter2"),
        ("secretsmanager:heimdall/db#port", "54321"),
        ("secretsmanager:heimdall/db", KEPT["secretsmanager:heimdall/db"]),
    ],
)
def test_secret_is_revealed_in_a_run_and_known_to_its_redactor(text, value):
    redactor = Redactor()

    assert revealed(text, redactor=redactor) == value
    assert redactor.text(f"<{value}>") == "<[secret]>"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ssm:/heimdall/none", "there is no secret ssm:/heimdall/none"),
        ("ssm:/heimdall/token#key", "the secret ssm:/heimdall/token#key is no JSON object"),
        ("secretsmanager:heimdall/db#nothing", "its JSON has no such text"),
        ("secretsmanager:heimdall/db#x", "its JSON has no such text"),
        ("ssm:/heimdall/short", "has fewer than 4 characters"),
        ("secretsmanager:heimdall/db#user", "has fewer than 4 characters"),
    ],
)
def test_secret_that_cannot_be_revealed_fails_the_run_without_its_value(text, reason):
    with pytest.raises(PluginError) as raised:
        revealed(text)

    assert reason in str(raised.value)
    assert not any(value in str(raised.value) for value in ("s3cr3t", "hunter2", "abc", "ada"))


def test_secret_is_not_revealed_outside_of_a_run():
    options = Options.model_validate({"password": "ssm:/heimdall/token"})

    with pytest.raises(PluginError, match="is revealed to runs only"):
        options.password.reveal()


def test_secret_is_read_once_in_a_run_whatever_keys_are_asked_for():
    reads = []

    def read(reference):
        reads.append(reference.name)
        return KEPT[f"{reference.source}:{reference.name}"]

    one = reader(read=read)
    for key in ("password", "port", "password"):
        one.reveal(SecretReference("secretsmanager", "heimdall/db", key))

    assert reads == ["heimdall/db"]


def test_secret_is_a_text_in_json_schema():
    schema = Nested.model_json_schema()

    assert schema["$defs"]["Options"]["properties"]["password"]["type"] == "string"


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("ssm:/heimdall/a", True),
        ("secretsmanager:x", True),
        ("vault:x", True),
        ("ssm: a parameter", False),
        ("SELECT 'ssm:/a'", False),
        ("ssm:", False),
        ("https://x", False),
        ("", False),
    ],
)
def test_what_somebody_may_take_for_a_reference(text, looks):
    assert looks_like_reference(text) is looks


def test_values_of_references_are_no_part_of_json():
    options = Options.model_validate({"password": "ssm:/heimdall/token"})

    assert json.loads(options.model_dump_json())["password"] == "ssm:/heimdall/token"


PER_USER = "secretsmanager:heimdall/tokens/{user}#token"


def test_secret_of_each_user_is_that_users():
    kept = {"secretsmanager:heimdall/tokens/ada@example.com": '{"token": "hers"}'}
    secret = Secret(SecretReference.parse(PER_USER), reader(read=secret_store(kept)))

    mine = secret.of_user("ada@example.com")

    assert str(mine) == "secretsmanager:heimdall/tokens/ada@example.com#token"
    assert mine.reveal() == "hers"
    assert SecretReference.parse(str(mine)) == mine.reference
    assert mine.of_user("bob") is mine


@pytest.mark.parametrize(
    "user", ["", ".", "..", "../bob", "a/b", "a b", "a#b", "{user}", "b\n", "bøb", "b" * 129]
)
def test_user_whose_name_cannot_stand_in_a_reference_has_no_secret(user):
    secret = Secret(SecretReference.parse(PER_USER))

    with pytest.raises(PluginError, match="names a secret for each user"):
        secret.of_user(user)


def test_secret_of_each_user_is_nobodys_as_it_is():
    secret = Secret(SecretReference.parse(PER_USER), reader(read=lambda _: "everybody's"))

    with pytest.raises(PluginError, match="for users only"):
        secret.reveal()


@pytest.mark.parametrize("name", ["{users}", "{", "}", "{user", "{}"])
def test_no_other_braces_stand_in_a_reference(name):
    with pytest.raises(ValueError, match="no reference"):
        SecretReference.parse(f"ssm:/heimdall/{name}")

"""Which fields hold secrets, and contexts that keep to it or do not."""

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from heimdall.plugin.options import AnyOptions, PluginOptions
from heimdall.plugin.secret import Secret
from heimdall.plugin.secret_fields import STRAY, reference_faults, secret_paths

REFERENCE = "ssm:/heimdall/token"


class Database(PluginOptions):
    user: str
    password: Secret | None = None


class Tree(BaseModel):
    key: Secret
    children: list["Tree"] = []


class Options(PluginOptions):
    host: str
    token: Annotated[Secret | None, Field(description="for the API")] = None
    database: Database | None = None
    replicas: list[Database] = Field(default_factory=list)
    by_name: dict[str, Database | int] = Field(default_factory=dict)
    keys: tuple[Secret, ...] = ()
    api_key: Secret | None = Field(default=None, alias="apiKey")
    extra: dict[str, Any] = Field(default_factory=dict)


def faults(context, *paths):
    found = reference_faults(context, paths or secret_paths(Options))
    return {fault["path"]: fault["message"] for fault in found}


def test_secrets_are_found_at_any_depth():
    assert secret_paths(Options) == {
        ("token",),
        ("database", "password"),
        ("replicas", "*", "password"),
        ("by_name", "*", "password"),
        ("keys", "*"),
        ("api_key",),
        ("apiKey",),
    }


def test_model_within_itself_is_searched_once():
    assert secret_paths(Tree) == {("key",)}


def test_any_options_hold_no_secrets():
    assert secret_paths(AnyOptions) == frozenset()


def test_references_in_fields_for_secrets_are_fine():
    assert not faults(
        {
            "host": "h",
            "token": REFERENCE,
            "database": {"password": None},
            "replicas": [{"password": REFERENCE}, {"user": "ssm: is a service"}],
            "by_name": {"a": {"password": REFERENCE}, "b": 1},
            "keys": [REFERENCE],
        }
    )


@pytest.mark.parametrize(
    ("context", "path"),
    [
        ({"token": "hunter2"}, "token"),
        ({"token": ""}, "token"),
        ({"token": 1234567}, "token"),
        ({"token": {"password": "hunter2"}}, "token"),
        ({"apiKey": "hunter2"}, "apiKey"),
        ({"database": {"password": "hunter2"}}, "database.password"),
        ({"replicas": [{}, {"password": "hunter2"}]}, "replicas.1.password"),
        ({"by_name": {"a": {"password": "hunter2"}}}, "by_name.a.password"),
        ({"keys": [REFERENCE, "hunter2"]}, "keys.1"),
    ],
)
def test_plain_text_is_a_fault_that_is_not_repeated(context, path):
    found = faults(context)

    assert list(found) == [path]
    assert found[path].startswith("holds a secret, so it takes a reference")
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    ("context", "path"),
    [
        ({"host": REFERENCE}, "host"),
        ({"extra": {"a": [0, {"b": "secretsmanager:heimdall/db"}]}}, "extra.a.1.b"),
        ({"database": {"user": "vault:kv/db"}}, "database.user"),
    ],
)
def test_reference_where_no_secret_may_stand_is_a_fault(context, path):
    assert faults(context) == {path: STRAY}


def test_stray_references_are_found_without_any_field_for_secrets():
    assert [fault["path"] for fault in reference_faults({"a": [REFERENCE]}, [])] == ["a.0"]
    assert reference_faults({"a": ["x"]}, []) == []


def test_vault_is_not_available():
    assert faults({"token": "vault:kv/db"})["token"].startswith("vault: is not available")

"""Secrets where they are kept."""

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.plugin.secret import SecretReference
from heimdall.secrets import AwsSecrets
from tests.fakes.aws import aws_in_memory
from tests.fakes.runs import secret_store

KEPT = {"secretsmanager:heimdall/db": '{"password": "hunter2"}', "ssm:/heimdall/token": "s3cr3t"}


@pytest.fixture
def aws():
    with aws_in_memory():
        manager, parameters = boto3.client("secretsmanager"), boto3.client("ssm")
        manager.create_secret(Name="heimdall/db", SecretString=KEPT["secretsmanager:heimdall/db"])
        manager.create_secret(Name="heimdall/binary", SecretBinary=b"\x00\x01")
        parameters.put_parameter(
            Name="/heimdall/token", Value=KEPT["ssm:/heimdall/token"], Type="SecureString"
        )
        yield AwsSecrets(lambda: manager, lambda: parameters)


@pytest.fixture(params=["aws", "in memory"])
def read(request):
    if request.param == "in memory":
        return secret_store(KEPT)
    return request.getfixturevalue("aws").read


@pytest.mark.parametrize("place", KEPT)
def test_value_is_read_whatever_the_key(read, place):
    source, _, name = place.partition(":")

    assert read(SecretReference(source, name)) == KEPT[place]
    assert read(SecretReference(source, name, "password")) == KEPT[place]


@pytest.mark.parametrize("source", ["secretsmanager", "ssm"])
def test_secret_that_is_not_there_says_so(read, source):
    with pytest.raises(
        PluginError, match=f"there is no secret {source}:/heimdall/none#a"
    ) as raised:
        read(SecretReference(source, "/heimdall/none", "a"))

    assert not isinstance(raised.value, TransientPluginError)


def test_binary_secret_is_refused(aws):
    with pytest.raises(PluginError, match="is binary, not text"):
        aws.read(SecretReference("secretsmanager", "heimdall/binary"))


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        ("AccessDeniedException", PluginError, "may not be read by this deployment"),
        ("DecryptionFailure", PluginError, "may not be read by this deployment"),
        ("ThrottlingException", TransientPluginError, "cannot be read now"),
        ("InternalServiceError", TransientPluginError, "cannot be read now"),
    ],
)
@pytest.mark.parametrize("source", ["secretsmanager", "ssm"])
def test_refusal_of_aws_says_whether_it_may_pass(aws, source, code, kind, reason):
    def refuse(**_):
        raise ClientError({"Error": {"Code": code, "Message": "hunter2"}}, "GetSecretValue")

    for client in (aws.secrets_manager(), aws.parameters()):
        client.meta.events.register("before-call.*.*", refuse)

    with pytest.raises(PluginError, match=reason) as raised:
        aws.read(SecretReference(source, "/heimdall/token"))

    assert type(raised.value) is kind
    assert "hunter2" not in str(raised.value)


def test_store_out_of_reach_may_come_back(aws):
    def lose(**_):
        raise EndpointConnectionError(endpoint_url="https://ssm")

    aws.parameters().meta.events.register("before-call.*.*", lose)

    with pytest.raises(TransientPluginError, match="is out of reach now"):
        aws.read(SecretReference("ssm", "/heimdall/token"))

"""ARNs of resources and addresses in the console."""

import boto3
import pytest

from heimdall.aws.arns import arn_of
from heimdall.aws.console import console_url
from tests.fakes.runs import make_identity


def test_resource_is_in_the_roles_account_and_partition_and_in_the_clusters_region():
    identity = make_identity(role_arn="arn:aws-cn:iam::210987654321:role/a:b", region="cn-north-1")

    arn = arn_of(identity, "athena", "workgroup/reports")

    assert arn == "arn:aws-cn:athena:cn-north-1:210987654321:workgroup/reports"


def test_resource_is_anywhere_when_nobody_said_where():
    assert arn_of(make_identity(), "redshift", "cluster:a") == "arn:aws:redshift:*:*:cluster:a"


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-west-1", "eu-west-1.console.aws.amazon.com"),
        ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_console_is_that_of_the_clients_region(region, host):
    client = boto3.client("athena", region_name=region)

    url = console_url(client, "athena/home", "/query-editor/history/17")

    assert url == f"https://{host}/athena/home?region={region}#/query-editor/history/17"

"""Who would deploy where, checked before anything is built."""

import boto3
import pytest
from moto import mock_aws

from infra.account import BOOTSTRAP_PARAMETER, AccountError, check_account, main


@pytest.fixture(autouse=True)
def _account():
    with mock_aws():
        yield


def bootstrap():
    boto3.client("ssm").put_parameter(Name=BOOTSTRAP_PARAMETER, Value="30", Type="String")


def test_account_and_region_are_told(capsys):
    bootstrap()

    assert main() == 0
    assert "deploys to account 123456789012 in us-east-1" in capsys.readouterr().out


def test_account_that_is_not_bootstrapped_gets_the_command():
    with pytest.raises(AccountError, match=r"cdk bootstrap aws://123456789012/us-east-1"):
        check_account()


def test_missing_region_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    assert main() == 1
    assert capsys.readouterr().err.startswith("No AWS region is set.")


def test_missing_credentials_are_named(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(AccountError, match=r"No AWS credentials that work .*aws sso login"):
        check_account()

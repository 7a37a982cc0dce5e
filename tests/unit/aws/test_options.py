"""What clusters at AWS may say of where they are and who may use them."""

import subprocess
import sys

import pytest
from pydantic import ValidationError

from heimdall.aws.options import AwsClusterOptions
from tests.fakes.runs import make_identity

ROLE = "arn:aws:iam::123456789012:role/heimdall/books"


def test_identity_is_in_the_clusters_role_and_region():
    options = AwsClusterOptions(region="eu-west-1", role_arn=ROLE, external_id="theirs")

    identity = options.identity(make_identity())

    assert (identity.role_arn, identity.external_id) == (ROLE, "theirs")
    assert identity.region == "eu-west-1"
    assert (identity.user, identity.job_id) == (make_identity().user, make_identity().job_id)


@pytest.mark.parametrize(
    "role",
    [
        "arn:aws:iam::123456789012:role/books",
        "arn:aws-cn:iam::123456789012:role/heimdall/a/b/books+=,.@-_",
        f"arn:aws:iam::123456789012:role/{'p' * 500}/{'r' * 64}",
    ],
)
def test_role_is_an_arn_of_a_role(role):
    assert AwsClusterOptions(role_arn=role).role_arn == role


@pytest.mark.parametrize(
    "wrong",
    [
        {"role_arn": "books"},
        {"role_arn": "arn:aws:iam::123456789012:user/ada"},
        {"role_arn": "arn:aws:iam::*:role/books"},
        {"role_arn": "arn:aws:iam::123456789012:role/*"},
        {"role_arn": f"{ROLE}\n"},
        {"role_arn": f"arn:aws:iam::123456789012:role/{'r' * 65}"},
        {"role_arn": "arn:aws:iam::١٢٣٤٥٦٧٨٩٠١٢:role/books"},
        {"external_id": "x"},
        {"external_id": "two words"},
        {"external_id": "x" * 1_225},
        {"region": "Frankfurt"},
    ],
    ids=lambda wrong: str(wrong)[:60],
)
def test_what_sts_would_refuse_is_refused_with_the_job(wrong):
    with pytest.raises(ValidationError):
        AwsClusterOptions(**wrong)


def test_options_load_no_driver():
    script = "import sys, heimdall.aws.options as o; print(*{'boto3', 'botocore'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == []

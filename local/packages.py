"""Puts built packages where CloudFormation looks for them."""

import io
import stat
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from local.aws import ACCOUNT, REGION

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip file knows


def resolve(text: str) -> str:
    """Fill in the account and region that CDK left open."""
    values = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws"}
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def upload(s3: "S3Client", *, bucket: str, key: str, source: Path) -> bool:
    """Put a package into the bucket; false if it was there already (keys name their content)."""
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey", "NotFound"):
            raise
        s3.put_object(Bucket=bucket, Key=key, Body=zipped(source))
        return True
    return False


def create_bucket(s3: "S3Client", bucket: str) -> None:
    """Make the bucket that `cdk bootstrap` makes in an AWS account."""
    try:
        s3.create_bucket(Bucket=bucket)
    except (s3.exceptions.BucketAlreadyOwnedByYou, s3.exceptions.BucketAlreadyExists):
        return


def zipped(source: Path) -> bytes:
    """Pack a folder: the same bytes for the same files, whenever and wherever it is done.

    Nothing is compressed, since each start of a function on this machine unpacks it again.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for file in _files(source):
            entry = zipfile.ZipInfo(file.relative_to(source).as_posix(), date_time=EARLIEST)
            executable = file.stat().st_mode & stat.S_IXUSR
            entry.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
            archive.writestr(entry, file.read_bytes())
    return packed.getvalue()


def _files(source: Path) -> Iterable[Path]:
    return sorted(path for path in source.rglob("*") if path.is_file())

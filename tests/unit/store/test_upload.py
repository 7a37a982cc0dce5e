"""Uploads that break off: what is told is why, and nothing is left that costs."""

from contextlib import contextmanager

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from heimdall.domain.errors import StoreThrottledError
from heimdall.domain.result import ResultForm
from heimdall.store.files import S3JobFiles
from heimdall.store.keys import result_object
from heimdall.store.upload import PART_BYTES
from tests.factories import JOB_ID


@contextmanager
def stubbed_files():
    client = boto3.client(
        "s3", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stubber:
        stubber.add_response("create_multipart_upload", {"UploadId": "u"})
        stubber.add_response("upload_part", {"ETag": "e"})
        yield S3JobFiles(lambda: client, "bucket"), stubber


def break_off(files):
    with files.write_result(JOB_ID, 1, ResultForm.PARQUET) as file:
        file.write(b"x" * PART_BYTES)
        raise RuntimeError("lost")


def test_what_broke_an_upload_off_is_told_even_if_s3_does_not_drop_its_parts():
    with stubbed_files() as (files, stubber):
        stubber.add_client_error("abort_multipart_upload", "AccessDenied")

        with pytest.raises(RuntimeError, match="lost"):
            break_off(files)


@pytest.mark.parametrize(
    ("code", "error"), [("SlowDown", StoreThrottledError), ("InvalidPart", ClientError)]
)
def test_upload_that_cannot_be_completed_is_dropped(code, error):
    with stubbed_files() as (files, stubber):
        stubber.add_client_error("complete_multipart_upload", code)
        stubber.add_response("abort_multipart_upload", {})

        with pytest.raises(error), files.write_result(JOB_ID, 1, ResultForm.PARQUET) as file:
            file.write(b"x" * PART_BYTES)

        stubber.assert_no_pending_responses()


def test_upload_whose_completion_was_not_heard_of_is_complete():
    listed = {"Contents": [{"Key": result_object(JOB_ID, 1, "parquet"), "Size": PART_BYTES}]}
    with stubbed_files() as (files, stubber):
        stubber.add_client_error("complete_multipart_upload", "NoSuchUpload")
        stubber.add_response("list_objects_v2", listed)

        with files.write_result(JOB_ID, 1, ResultForm.PARQUET) as file:
            file.write(b"x" * PART_BYTES)

        stubber.assert_no_pending_responses()


@pytest.mark.parametrize("size", [None, PART_BYTES - 1])
def test_upload_that_is_gone_without_its_object_is_lost(size):
    listed = {"Key": result_object(JOB_ID, 1, "parquet"), "Size": size}
    with stubbed_files() as (files, stubber):
        stubber.add_client_error("complete_multipart_upload", "NoSuchUpload")
        stubber.add_response("list_objects_v2", {"Contents": [listed]} if size else {})
        stubber.add_client_error("abort_multipart_upload", "NoSuchUpload")

        with (
            pytest.raises(ClientError, match="NoSuchUpload"),
            files.write_result(JOB_ID, 1, ResultForm.PARQUET) as file,
        ):
            file.write(b"x" * PART_BYTES)

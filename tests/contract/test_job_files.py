"""What keeps a job's large things has to do: in S3 and in the fake."""

import io
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from heimdall.domain.errors import NotFoundError, ResultNotFoundError
from heimdall.domain.result import ResultForm
from heimdall.store.files import URL_SECONDS, S3JobFiles
from heimdall.store.upload import PART_BYTES
from tests.factories import JOB_ID
from tests.fakes.files import InMemoryJobFiles
from tests.fakes.tables import BUCKET

S3_LEAST_PART_BYTES = 5 * 1024 * 1024
OTHER_ID = f"{JOB_ID[:-1]}c"


@pytest.fixture
def s3_files(aws):
    client = boto3.client("s3")
    return S3JobFiles(lambda: client, BUCKET)


@pytest.fixture(params=["s3", "memory"])
def files(request):
    return request.getfixturevalue("s3_files") if request.param == "s3" else InMemoryJobFiles()


@pytest.fixture
def fetch(files):
    """Get what an address gives to whoever has it."""
    if isinstance(files, InMemoryJobFiles):
        return lambda url: files.objects[url]
    return lambda url: requests.get(url, timeout=10).content


def open_and_read(files):
    with files.open_result(JOB_ID, 1) as result:
        return result.read()


@pytest.mark.parametrize("context", ["{}", '{"é": "🛡"}', '"' + "x" * 3_000_000 + '"'])
def test_context_is_read_as_it_was_put(files, context):
    files.put_context(JOB_ID, context)

    assert files.context(JOB_ID) == context


def test_result_is_kept_for_each_run(files):
    files.put_result(JOB_ID, 1, '["first"]')
    files.put_result(JOB_ID, 2, '["é"]')

    assert files.result(JOB_ID, 1) == '["first"]'
    assert files.result(JOB_ID, 2) == '["é"]'


def test_address_of_a_result_gives_it(files, fetch):
    files.put_result(JOB_ID, 1, '["é"]')

    assert fetch(files.result_url(JOB_ID, 1)).decode() == '["é"]'


def test_part_of_a_stream_is_bytes_and_is_replaced_as_it_grows(files):
    files.put_stream_part(JOB_ID, 1, "stdout", 0, b"\xff\x00")
    files.put_stream_part(JOB_ID, 1, "stdout", 0, b"\xff\x00more")

    assert files.stream_part(JOB_ID, 1, "stdout", 0) == b"\xff\x00more"


@pytest.mark.parametrize(
    ("job_id", "run", "name", "part"),
    [
        (JOB_ID, 1, "stdout", 1),
        (JOB_ID, 1, "stderr", 0),
        (JOB_ID, 2, "stdout", 0),
        (OTHER_ID, 1, "stdout", 0),
    ],
)
def test_part_that_was_not_written_is_empty(files, job_id, run, name, part):
    files.put_stream_part(JOB_ID, 1, "stdout", 0, b"written")

    assert files.stream_part(job_id, run, name, part) == b""


def test_address_of_a_stream_of_one_part_gives_the_part(files, fetch):
    files.put_stream_part(JOB_ID, 1, "stdout", 0, b"all of it")

    assert fetch(files.stream_url(JOB_ID, 1, "stdout", parts=1)) == b"all of it"


def test_address_of_a_joined_stream_gives_all_its_parts_in_order(files, fetch):
    parts = [b"a" * S3_LEAST_PART_BYTES, b"b" * (S3_LEAST_PART_BYTES + 1), b"end"]
    for number, data in enumerate(parts):
        files.put_stream_part(JOB_ID, 1, "stderr", number, data)

    files.join_stream(JOB_ID, 1, "stderr", len(parts))

    assert fetch(files.stream_url(JOB_ID, 1, "stderr", parts=len(parts))) == b"".join(parts)
    assert files.stream_part(JOB_ID, 1, "stderr", 2) == b"end"


def test_files_lie_below_the_prefix_that_expires(s3_files):
    s3_files.put_context(JOB_ID, "{}")
    s3_files.put_result(JOB_ID, 1, "{}")
    for form in (ResultForm.CSV, ResultForm.PARQUET):
        s3_files.put_result_file(JOB_ID, 1, form, io.BytesIO(b""))
    s3_files.put_stream_part(JOB_ID, 1, "stdout", 0, b"x")

    listed = s3_files.client().list_objects_v2(Bucket=BUCKET)["Contents"]

    assert {entry["Key"] for entry in listed} == {
        f"jobs/{JOB_ID}/context.json",
        f"jobs/{JOB_ID}/1/result.json",
        f"jobs/{JOB_ID}/1/result.csv",
        f"jobs/{JOB_ID}/1/result.parquet",
        f"jobs/{JOB_ID}/1/stdout.0",
    }


@pytest.mark.parametrize(
    ("url_of", "content_type"),
    [
        (lambda files: files.result_url(JOB_ID, 1), "application/json"),
        (lambda files: files.result_url(JOB_ID, 1, ResultForm.CSV), "text/csv; charset=utf-8"),
        (
            lambda files: files.result_url(JOB_ID, 1, ResultForm.PARQUET),
            "application/vnd.apache.parquet",
        ),
        (lambda files: files.stream_url(JOB_ID, 1, "stdout", parts=1), "text/plain; charset=utf-8"),
    ],
)
def test_address_is_signed_for_a_few_minutes_and_says_the_type(s3_files, url_of, content_type):
    asked = parse_qs(urlsplit(url_of(s3_files)).query)

    assert any(name.lower().endswith("signature") for name in asked)
    assert asked["response-content-type"] == [content_type]
    assert URL_SECONDS <= 15 * 60


def test_context_that_is_gone_is_not_found(files):
    with pytest.raises(NotFoundError) as missing:
        files.context(JOB_ID)

    assert missing.value.job_id == JOB_ID


@pytest.mark.parametrize("read", [lambda files: files.result(JOB_ID, 1), open_and_read])
def test_result_that_is_gone_is_not_found(files, read):
    files.put_result(JOB_ID, 2, "{}")

    with pytest.raises(ResultNotFoundError) as missing:
        read(files)

    assert missing.value.job_id == JOB_ID


def test_result_is_read_piece_by_piece(files):
    files.put_result(JOB_ID, 1, "0123456789")

    with files.open_result(JOB_ID, 1) as result:
        assert [result.read(4), result.read(4), result.read(4), result.read(4)] == [
            b"0123",
            b"4567",
            b"89",
            b"",
        ]


def test_csv_is_kept_beside_the_result_of_its_run(files, fetch):
    assert not files.has_result(JOB_ID, 1, ResultForm.CSV)

    files.put_result_file(JOB_ID, 1, ResultForm.CSV, io.BytesIO(b'"\xc3\xa9"\r\n'))

    assert files.has_result(JOB_ID, 1, ResultForm.CSV)
    assert not files.has_result(JOB_ID, 2, ResultForm.CSV)
    assert not files.has_result(OTHER_ID, 1, ResultForm.CSV)
    assert fetch(files.result_url(JOB_ID, 1, ResultForm.CSV)) == b'"\xc3\xa9"\r\n'


def test_forms_in_which_a_result_is_kept_are_told(files):
    files.put_result(JOB_ID, 1, "[]")
    files.put_stream_part(JOB_ID, 1, "stdout", 0, b"x")
    files.put_result_file(JOB_ID, 12, ResultForm.CSV, io.BytesIO(b"x"))
    files.put_result_file(JOB_ID, 1, ResultForm.PARQUET, io.BytesIO(b"x"))

    assert files.result_forms(JOB_ID, 1) == {ResultForm.JSON, ResultForm.PARQUET}
    assert files.result_forms(JOB_ID, 2) == set()
    assert files.result_forms(OTHER_ID, 1) == set()


@pytest.mark.parametrize("form", ResultForm)
def test_result_is_kept_in_several_forms_from_where_their_files_stand(files, fetch, form):
    for each in ResultForm:
        content = io.BytesIO(b"passed over" + each.encode())
        content.seek(len(b"passed over"))
        files.put_result_file(JOB_ID, 1, each, content)

    assert fetch(files.result_url(JOB_ID, 1, form)) == form.encode()
    assert files.result(JOB_ID, 1) == "json"


@pytest.mark.parametrize("size", [0, 10, PART_BYTES, 2 * PART_BYTES + 3])
def test_result_is_written_piece_by_piece_and_read_anywhere(files, fetch, size):
    content = (b"0123456789" * (size // 10 + 1))[:size]
    with files.write_result(JOB_ID, 1, ResultForm.PARQUET) as file:
        assert not files.has_result(JOB_ID, 1, ResultForm.PARQUET)
        for start in range(0, size, 1_000_003):
            piece = content[start : start + 1_000_003]
            assert file.write(piece) == len(piece)

    assert fetch(files.result_url(JOB_ID, 1, ResultForm.PARQUET)) == content
    with files.open_result_anywhere(JOB_ID, 1, ResultForm.PARQUET) as file:
        assert file.seek(0, io.SEEK_END) == size
        assert file.read(1) == b""
        file.seek(max(size - 4, 0))
        assert file.read() == content[max(size - 4, 0) :]
        file.seek(5)
        assert file.read(3) == content[5:8]
        assert file.tell() == min(8, max(size, 5))


def break_off(files, size):
    with files.write_result(JOB_ID, 1, ResultForm.PARQUET) as file:
        file.write(b"x" * size)
        raise RuntimeError("lost")


@pytest.mark.parametrize("size", [10, PART_BYTES + 1])
def test_result_whose_writing_broke_off_is_not_there(files, size):
    with pytest.raises(RuntimeError, match="lost"):
        break_off(files, size)

    assert not files.has_result(JOB_ID, 1, ResultForm.PARQUET)
    with (
        pytest.raises(ResultNotFoundError),
        files.open_result_anywhere(JOB_ID, 1, ResultForm.PARQUET),
    ):
        pass


def test_broken_off_upload_leaves_no_parts_that_cost(s3_files):
    with pytest.raises(RuntimeError, match="lost"):
        break_off(s3_files, PART_BYTES + 1)

    assert "Uploads" not in s3_files.client().list_multipart_uploads(Bucket=BUCKET)


def test_stream_has_as_many_bytes_as_its_parts(files):
    assert files.stream_bytes(JOB_ID, 1, "stdout") == 0
    for number, data in enumerate([b"a" * S3_LEAST_PART_BYTES, b"end"]):
        files.put_stream_part(JOB_ID, 1, "stdout", number, data)
    files.put_stream_part(JOB_ID, 1, "stderr", 0, b"not this")
    files.put_stream_part(JOB_ID, 11, "stdout", 0, b"nor this")
    files.join_stream(JOB_ID, 1, "stdout", 2)

    assert files.stream_bytes(JOB_ID, 1, "stdout") == S3_LEAST_PART_BYTES + 3


@pytest.mark.parametrize(
    "call",
    [
        lambda files: files.context(JOB_ID),
        lambda files: files.result(JOB_ID, 1),
        lambda files: files.stream_part(JOB_ID, 1, "stdout", 0),
        lambda files: files.has_result(JOB_ID, 1, ResultForm.CSV),
    ],
    ids=["context", "result", "stream_part", "has_result"],
)
def test_what_may_not_be_read_is_not_taken_for_missing(s3_files, call):
    def deny(**_):
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "any")

    s3_files.client().meta.events.register("before-call.s3.*", deny)

    with pytest.raises(ClientError, match="AccessDenied"):
        call(s3_files)


def test_client_is_made_when_the_first_file_is_needed():
    def never_needed():
        raise AssertionError("a client was made")

    assert S3JobFiles(never_needed, BUCKET).bucket == BUCKET

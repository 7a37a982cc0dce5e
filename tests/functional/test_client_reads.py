"""The client reads streams in parts and results in forms, as the functions give them."""

import csv
import io

import pytest

from heimdall_client import Client, JobRequest, NotAcceptableError
from tests.functional.in_process import in_process

LINE = 10
LARGE = 5 * 1024 * 1024
"""More than one answer carries; whole lines of a number and its end."""


@pytest.fixture
def client(world):
    with Client("https://api.example.com", transport=in_process(world)) as client:
        yield client


def printed(client: Client, world, script: str) -> str:
    request = JobRequest(
        name="printer",
        command_criteria=["type:shell"],
        cluster_criteria=["type:localhost"],
        context={"arguments": ["sh", "-c", script]},
    )
    job = client.submit_job(request)
    world.deliver_all()
    return job.id


def read(client: Client, job_id: str, **part: int) -> bytes:
    return b"".join(client.iterate_stream(job_id, "stdout", **part))


def test_parts_of_a_stream_are_read(client, world):
    job_id = printed(client, world, "printf '0123456789\\377'")

    assert read(client, job_id) == b"0123456789\xff"
    assert read(client, job_id, tail_bytes=2) == b"9\xff"
    assert read(client, job_id, tail_bytes=100) == b"0123456789\xff"
    assert read(client, job_id, offset=3, max_bytes=4) == b"3456"
    assert read(client, job_id, offset=9, max_bytes=100) == b"9\xff"
    assert read(client, job_id, offset=100, max_bytes=1) == b""
    assert b"".join(client.follow_stream(job_id, "stdout", tail_bytes=1)) == b"\xff"
    assert b"".join(client.iterate_stream(job_id, "stderr", tail_bytes=5)) == b""


def test_parts_that_are_larger_than_an_answer_are_read_whole(client, world):
    job_id = printed(client, world, f"seq -f %09.0f {LARGE // LINE}")

    tail = read(client, job_id, tail_bytes=LARGE - 10)
    part = read(client, job_id, offset=10, max_bytes=LARGE - 20)

    assert (len(tail), len(part)) == (LARGE - 10, LARGE - 20)
    assert tail.endswith(f"{LARGE // LINE:09}\n".encode())
    assert part.startswith(b"000000002\n")
    assert tail.startswith(part)


def test_result_is_had_in_its_forms(client):
    job = client.submit_job(
        JobRequest(name="ping", command_criteria=["type:ping"], cluster_criteria=["type:localhost"])
    )

    table = b"".join(client.download_result(job.id, "csv")).decode()

    heading, *rows = csv.reader(io.StringIO(table))
    assert heading == [column.name for column in job.result.columns]
    assert rows == job.result.data
    assert b'"columns"' in b"".join(client.download_result(job.id))
    with pytest.raises(NotAcceptableError):
        list(client.download_result(job.id, "parquet"))

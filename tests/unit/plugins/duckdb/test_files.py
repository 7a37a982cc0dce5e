"""DuckDB reads Parquet, CSV and JSON below the prefixes of its cluster."""

import io
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugins.duckdb.objects import ObjectReader
from tests.unit.plugins.duckdb.lake import BUCKET, PREFIX, lake, parquet, rows_of, run_query


@pytest.fixture(autouse=True)
def s3():
    with lake() as client:
        yield client


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (f"SELECT id FROM '{PREFIX}day=1/a.parquet' ORDER BY id", [(1,), (2,)]),
        (f"SELECT sum(amount) FROM read_parquet('{PREFIX}*/*.parquet')", [(8.0,)]),
        (f"SELECT count(*) FROM read_parquet('{PREFIX}**/*.parquet')", [(3,)]),
        (f"SELECT name, age FROM '{PREFIX}people.csv' ORDER BY age", [("ada", 36), ("grace", 85)]),
        (f"SELECT name FROM '{PREFIX}peopl[a-e].csv' LIMIT 1", [("ada",)]),
        (f"SELECT kind, n FROM '{PREFIX}event?.json' ORDER BY n", [("click", 1), ("view", 2)]),
        (
            f"SELECT parse_filename(file) FROM glob('{PREFIX}*') ORDER BY 1",
            [("events.json",), ("people.csv",)],
        ),
    ],
)
def test_files_are_read_by_name_and_by_pattern(query, rows):
    assert rows_of(query) == rows


def test_partitions_of_hive_are_columns():
    query = (
        f"SELECT day, count(*) FROM read_parquet('{PREFIX}*/*.parquet', hive_partitioning = true) "
        "GROUP BY day ORDER BY day"
    )

    assert rows_of(query) == [(1, 2), (2, 1)]


def test_large_file_is_read_in_ranges(s3):
    body = parquet({"n": list(range(300_000)), "text": ["x" * (n % 7) for n in range(300_000)]})
    s3.put_object(Bucket=BUCKET, Key="sales/large.parquet", Body=body)

    assert rows_of(f"SELECT count(*), sum(n) FROM '{PREFIX}large.parquet'") == [
        (300_000, "44999850000")
    ]


def test_file_that_is_not_there_is_the_users_error():
    with pytest.raises(PluginError, match=f"there is no object {PREFIX}none.csv") as raised:
        run_query(f"SELECT * FROM '{PREFIX}none.csv'")

    assert raised.value.failure is Failure.USER_ERROR


def test_pattern_without_files_is_the_users_error():
    with pytest.raises(PluginError, match="No files found") as raised:
        run_query(f"SELECT * FROM '{PREFIX}none*.csv'")

    assert raised.value.failure is Failure.USER_ERROR


def test_bucket_that_is_not_there_is_told():
    with pytest.raises(PluginError, match="there is no object"):
        run_query("SELECT * FROM 's3://nowhere/sales/a.csv'", prefixes=["s3://nowhere/sales/"])


def test_object_that_changes_while_it_is_read_fails_the_job(s3):
    from heimdall.plugins.duckdb.s3 import PrefixedS3

    files = PrefixedS3(s3, [PREFIX], lambda: False)
    opened = files.open(f"{PREFIX}people.csv")
    s3.put_object(Bucket=BUCKET, Key="sales/people.csv", Body=b"name,age\nalan,41,aaaaaaaaaaaa\n")

    with pytest.raises(PluginError, match="may have changed"):
        opened.read()


def test_file_in_pieces_is_the_file(s3):
    from heimdall.plugins.duckdb.s3 import PrefixedS3

    body = bytes(range(256)) * 4096
    s3.put_object(Bucket=BUCKET, Key="sales/bytes", Body=body)
    file = PrefixedS3(s3, [PREFIX], lambda: False).open(f"{PREFIX}bytes")

    for start, size in [(0, 10), (len(body) - 8, 8), (5, 300_000), (17, 5), (len(body), 4)]:
        file.seek(start)
        assert file.read(size) == body[start : start + size]
    file.seek(-3, 2)
    assert (file.tell(), file.read()) == (len(body) - 3, body[-3:])


def test_threads_that_share_a_file_do_not_move_each_other():
    """DuckDB's do: each seeks and reads, and only what one thread does is in order."""
    body = bytes(n % 251 for n in range(2_000_000))

    def fetch(start, size):
        time.sleep(0.0005)
        return body[start : start + size]

    file = ObjectReader(len(body), fetch)

    def read(start):
        size = 1 + start % 400_000
        file.seek(start)
        time.sleep(0.0001)
        return file.read(size) == body[start : start + size]

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(read, range(0, 2_000_000, 9_973)))


def test_file_is_read_on_by_whichever_thread_comes_next():
    body = bytes(range(200))
    file = ObjectReader(len(body), lambda start, size: body[start : start + size])
    file.seek(0)

    with ThreadPoolExecutor(1) as other:
        parts = [other.submit(file.read, 10).result(), file.read(10), other.submit(file.read, 10)]
        assert parts[0] + parts[1] + parts[2].result() == body[:30]
        assert file.tell() == other.submit(file.tell).result() == 30


@pytest.mark.parametrize("threads", [1, 8])
def test_many_row_groups_are_read_by_many_threads(s3, threads):
    table = pa.table({f"c{number}": pa.array(range(400_000)) for number in range(4)})
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=20_000, compression="none", use_dictionary=False)
    s3.put_object(Bucket=BUCKET, Key="sales/wide.parquet", Body=file.getvalue())
    lines = b"".join(b"%d,%d\n" % (n, n) for n in range(200_000))
    s3.put_object(Bucket=BUCKET, Key="sales/long.csv", Body=b"a,b\n" + lines)

    sums = rows_of(
        f"SELECT sum(c0)::BIGINT, sum(c3)::BIGINT FROM '{PREFIX}wide.parquet'",
        command={"threads": threads},
    )
    lines_of = rows_of(
        f"SELECT count(*), sum(a)::BIGINT FROM '{PREFIX}long.csv'", command={"threads": threads}
    )

    assert sums == [(79_999_800_000, 79_999_800_000)]
    assert lines_of == [(200_000, 19_999_900_000)]

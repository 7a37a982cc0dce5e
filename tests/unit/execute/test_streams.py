"""One stream on its way to S3: nothing lost, nothing twice, nothing written without need."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.execute import streams
from functions.execute.streams import StreamEnd, StreamWriter
from heimdall.domain.stream import INLINE_BYTES
from tests.factories import JOB_ID
from tests.fakes.files import InMemoryJobFiles
from tests.strategies import repeatable

PART_BYTES = 10
WHOLE = f"jobs/{JOB_ID}/1/stdout"


@pytest.fixture
def _small_parts(monkeypatch):
    monkeypatch.setattr(streams, "PART_BYTES", PART_BYTES)
    monkeypatch.setattr(streams, "INLINE_BYTES", 4)


@pytest.fixture
def writer(files):
    return writer_to(files)


small_parts = pytest.mark.usefixtures("_small_parts")


def writer_to(files):
    return StreamWriter(files, job_id=JOB_ID, run=1, name="stdout")


def parts_of(files):
    numbers = sorted(int(key.rpartition(".")[2]) for key in files.objects if key != WHOLE)
    assert numbers == list(range(len(numbers)))
    return [files.objects[f"{WHOLE}.{number}"] for number in numbers]


def test_stream_that_was_never_written_to_is_empty(writer, files):
    assert writer.close() == StreamEnd(kept=b"", size=0)
    assert not files.writes


@pytest.mark.parametrize("size", [1, INLINE_BYTES])
def test_small_stream_goes_into_the_job_and_not_to_s3(writer, files, size):
    writer.write(b"x" * size)

    assert writer.close() == StreamEnd(kept=b"x" * size, size=size)
    assert not files.writes


def test_larger_stream_goes_to_s3_when_it_is_closed(writer, files):
    writer.write(b"x" * (INLINE_BYTES + 1))

    assert writer.close() == StreamEnd(kept=b"", size=INLINE_BYTES + 1)
    assert files.writes == {f"{WHOLE}.0": 1}


def test_small_stream_that_was_shown_meanwhile_stays_in_s3(writer, files):
    writer.write(b"ab")
    writer.flush()
    writer.write(b"c")

    assert writer.close() == StreamEnd(kept=b"", size=3)
    assert files.objects == {f"{WHOLE}.0": b"abc"}


def test_flush_stores_only_when_there_is_news(writer, files):
    writer.flush()
    assert not files.writes

    for data in (b"a", b"", b"b"):
        writer.write(data)
        writer.flush()
        writer.flush()

    assert files.writes == {f"{WHOLE}.0": 2}
    assert files.objects == {f"{WHOLE}.0": b"ab"}


def test_close_stores_nothing_again_that_was_flushed(writer, files):
    writer.write(b"a")
    writer.flush()
    writer.close()

    assert files.writes == {f"{WHOLE}.0": 1}


@small_parts
@pytest.mark.parametrize("sizes", [[10], [9, 1], [3, 3, 3, 1]])
def test_stream_of_exactly_one_part_needs_no_joining(files, sizes):
    writer = writer_to(files)
    for size in sizes:
        writer.write(b"x" * size)

    assert writer.close() == StreamEnd(kept=b"", size=10)
    assert files.writes == {f"{WHOLE}.0": 1}


@small_parts
def test_full_part_is_stored_once_and_flush_stores_the_one_that_grows(files):
    writer = writer_to(files)
    writer.write(b"0123456789ab")
    writer.flush()
    writer.write(b"c")
    writer.flush()

    assert files.objects == {f"{WHOLE}.0": b"0123456789", f"{WHOLE}.1": b"abc"}
    assert files.writes == {f"{WHOLE}.0": 1, f"{WHOLE}.1": 2}


@small_parts
def test_one_write_may_fill_several_parts(files):
    writer = writer_to(files)
    data = bytes(range(35))

    writer.write(data)

    assert writer.close() == StreamEnd(kept=b"", size=35)
    assert parts_of(files) == [data[:10], data[10:20], data[20:30], data[30:]]
    assert files.objects[WHOLE] == data


@repeatable
@given(st.lists(st.binary(max_size=25) | st.none(), max_size=20))
def test_whatever_is_written_is_in_the_parts_in_order(steps):
    files = InMemoryJobFiles()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams, "PART_BYTES", PART_BYTES)
        patch.setattr(streams, "INLINE_BYTES", 4)
        writer = writer_to(files)
        for step in steps:
            writer.flush() if step is None else writer.write(step)
        end = writer.close()
    data = b"".join(step for step in steps if step)

    assert end.size == len(data)
    assert (end.kept or b"".join(parts_of(files))) == data
    assert all(len(part) == PART_BYTES for part in parts_of(files)[:-1])
    assert files.objects.get(WHOLE, data) == data
    assert (WHOLE in files.objects) is (len(data) > PART_BYTES)


@small_parts
def test_writers_in_threads_never_mix_within_a_write(files):
    writer = writer_to(files)

    def write_all(letter):
        for _ in range(200):
            writer.write(letter * 7)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write_all, [b"a", b"b", b"c", b"d"]))
        writer.flush()
    end = writer.close()

    data = files.objects[WHOLE]
    assert end.size == len(data) == 4 * 200 * 7
    assert all(len(set(data[first : first + 7])) == 1 for first in range(0, len(data), 7))


@small_parts
def test_others_wait_while_a_part_is_being_stored(files, monkeypatch):
    writer = writer_to(files)
    held = []
    monkeypatch.setattr(files, "put_stream_part", lambda *_: held.append(writer._lock.locked()))

    writer.write(b"0123456789")
    writer.write(b"ab")
    writer.flush()
    writer.write(b"c")
    writer.flush()

    assert held == [True, True, True]


@pytest.fixture
def _at_most_20_bytes(_small_parts, monkeypatch):
    monkeypatch.setattr(streams, "MAX_BYTES", 20)


@pytest.mark.usefixtures("_at_most_20_bytes")
@pytest.mark.parametrize(
    "writes",
    [
        [b"0123456789abcdefghijKLM"],
        [b"0123456789abcdefghi", b"jK"],
        [b"0123456789abcdefghijK", b"LMN", b"OP"],
    ],
)
def test_stream_that_is_too_long_is_cut_and_says_so_once(files, writes):
    writer = writer_to(files)
    for data in writes:
        writer.write(data)
    end = writer.close()

    data = files.objects[WHOLE]
    note = b"\n[heimdall: the stream is longer than 20 bytes; the rest was dropped]\n"
    assert data == b"0123456789abcdefghij" + note
    assert end.size == len(data)


@pytest.mark.usefixtures("_at_most_20_bytes")
def test_stream_that_is_just_not_too_long_says_nothing(files):
    writer = writer_to(files)
    writer.write(b"0123456789")
    writer.write(b"abcdefghij")
    writer.close()

    assert files.objects[WHOLE] == b"0123456789abcdefghij"


class FullBucket(InMemoryJobFiles):
    """Refuses the next write."""

    refuses = True

    def put_stream_part(self, *place):
        if self.refuses:
            self.refuses = False
            raise OSError("not now")
        super().put_stream_part(*place)


@small_parts
def test_what_could_not_be_stored_is_stored_with_the_next_write():
    files = FullBucket()
    writer = writer_to(files)
    with pytest.raises(OSError, match="not now"):
        writer.write(b"0123456789")

    writer.write(b"ab")
    writer.close()

    assert files.objects[WHOLE] == b"0123456789ab"


@small_parts
def test_stream_cut_at_the_very_end_of_a_write_says_so(writer, files, monkeypatch):
    monkeypatch.setattr(streams, "MAX_BYTES", 20)
    note = b"\n[heimdall: the stream is longer than 20 bytes; the rest was dropped]\n"

    for piece in (b"0123456789", b"abcdefghij", b"K", b"L"):
        writer.write(piece)
    writer.close()

    assert files.objects[WHOLE] == b"0123456789abcdefghij" + note

"""The shell plugin's pump, where no program could be made to do what it has to survive."""

import os

import pytest

from heimdall.plugins.shell.pump import pump
from tests.fakes.runs import FakeStream


@pytest.fixture
def make_pipe():
    opened = []

    def make():
        opened.extend(os.pipe())
        return opened[-2:]

    yield make
    for descriptor in opened:
        os.close(descriptor)


class EchoingStream(FakeStream):
    """Writes into the pipe whatever comes out of it, as a writer does that never pauses."""

    def __init__(self, writer, enough_bytes):
        super().__init__()
        self._writer = writer
        self._enough_bytes = enough_bytes

    def write(self, data):
        super().write(data)
        if len(self.data) < self._enough_bytes:
            os.write(self._writer, data)


def test_pump_copies_what_is_there_when_it_is_told_to_end(make_pipe):
    (out, out_writer), (err, err_writer), (until, bell) = make_pipe(), make_pipe(), make_pipe()
    stdout, stderr = FakeStream(), FakeStream()
    os.write(out_writer, b"o" * 50_000)
    os.write(err_writer, b"e")
    os.write(bell, b"\0")

    pump({out: stdout, err: stderr}, until=until)

    assert (stdout.data, stderr.data) == (b"o" * 50_000, b"e")


def test_pump_ends_although_a_writer_never_pauses(make_pipe):
    (out, writer), (until, bell) = make_pipe(), make_pipe()
    stdout = EchoingStream(writer, enough_bytes=3_000_000)
    os.write(writer, b"x" * 65_536)
    os.write(bell, b"\0")

    pump({out: stdout}, until=until)

    assert len(stdout.data) <= 1_048_576

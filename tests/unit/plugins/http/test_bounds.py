"""Answers that are too large, too slow, broken off or not to be trusted."""

import http.client
import socketserver
import threading
import time
import zlib
from contextlib import suppress

import pytest

from heimdall.domain.errors import PluginError, TransientPluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunState, StopReason
from heimdall.plugins.http.plugin import HttpPlugin
from tests.fakes.runs import in_background
from tests.unit.plugins.http.api import Api, Reply, call, gzipped, make_call, served


@pytest.fixture
def api():
    with served(Api()) as made:
        yield made


@pytest.fixture
def raw():
    """A server that sends some bytes to each who connects, and then nothing, or hangs up."""
    servers, done = [], threading.Event()

    def serve(data, *, hangs_up=False, trickles=b""):
        class Answering(socketserver.BaseRequestHandler):
            def handle(self):
                self.request.recv(65536)
                with suppress(OSError):  # they may have hung up
                    self.request.sendall(data)
                    while not hangs_up and not done.wait(0.02):
                        self.request.sendall(trickles)

        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answering)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        servers.append((server, thread))
        api = Api()
        api.server.server_close()
        api.server.server_address = server.server_address
        return api

    yield serve
    done.set()
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


def failure(api, **changes):
    with pytest.raises(PluginError) as raised:
        call(api, {"path": "/x"}, **changes)
    return raised.value


@pytest.mark.parametrize("size", [100_001, 5_000_000])
def test_answer_that_is_too_large_is_cut_off_with_an_error(api, size):
    api.replies["/x"] = Reply(b"x" * size)

    error = failure(api, command={"max_response_bytes": 100_000})

    assert "100,000 bytes of max_response_bytes" in str(error)
    assert error.failure is Failure.USER_ERROR


def test_answer_as_large_as_it_may_be_is_taken(api):
    api.replies["/x"] = gzipped(b"x" * 100_000)

    assert call(api, {"path": "/x"}, command={"max_response_bytes": 100_000}).result is None


def test_bomb_is_not_decompressed(api):
    tracemalloc = pytest.importorskip("tracemalloc")
    api.replies["/x"] = gzipped(b"\0" * 200_000_000)

    tracemalloc.start()
    error = failure(api, command={"max_response_bytes": 1_000_000})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert "max_response_bytes" in str(error)
    assert peak < 20_000_000


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(b"no gzip", headers={"Content-Encoding": "gzip"}), "cannot be decompressed"),
        (Reply(b"x", headers={"Content-Encoding": "br"}), "was not asked for"),
        (Reply(gzipped(b"x" * 99).body[:-9], headers={"Content-Encoding": "gzip"}), "no end"),
    ],
)
def test_broken_compression_fails(api, reply, said):
    api.replies["/x"] = reply

    assert said in str(failure(api))


def test_deflate_is_read(api):
    api.replies["/x"] = Reply(zlib.compress(b"text"), headers={"Content-Encoding": "deflate"})

    assert call(api, {"path": "/x"}).result.rows == [["text"]]


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1, 2",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1, 2",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"",
        b"SSH-2.0-OpenSSH\r\n",
    ],
)
def test_answer_that_breaks_off_is_no_answer(raw, data):
    error = failure(raw(data, hangs_up=True))

    assert isinstance(error, TransientPluginError)
    assert error.failure is Failure.ENGINE_FAULT


def test_write_whose_answer_breaks_off_is_not_sent_again(raw):
    api = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1, 2", hangs_up=True)

    with pytest.raises(PluginError) as raised:
        call(api, {"method": "POST", "path": "/x"}, command={"methods": ["POST"]})

    assert not isinstance(raised.value, TransientPluginError)
    assert raised.value.failure is None


@pytest.mark.parametrize(
    ("method", "expected"), [("POST", None), ("PATCH", None), ("PUT", Failure.ENGINE_FAULT)]
)
def test_write_that_may_have_been_carried_out_has_no_other_run(raw, method, expected):
    commands = {"methods": [method]}
    slow = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", trickles=b"x")
    failing = raw(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", hangs_up=True)

    for api, command in ((slow, {**commands, "timeout_seconds": 0.3}), (failing, commands)):
        with pytest.raises(PluginError) as raised:
            call(api, {"method": method, "path": "/x"}, command=command)

        assert raised.value.failure is expected


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X-Large: %b\r\n" % (b"x" * 40_000) * 2,
        b"HTTP/1.1 200 OK\r\nX-Endless: " + b"x" * 200_000,
        b"HTTP/1.1 200 OK\r\n" + b"X-More: 1\r\n" * 6_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3_000 + b"HTTP/1.1 200 OK\r\n",
    ],
    ids=["two", "one", "many", "provisional"],
)
def test_head_that_is_too_large_is_refused(raw, head, monkeypatch):
    monkeypatch.setattr(http.client, "_MAXHEADERS", 10_000)  # as clickhouse-connect has it

    error = failure(raw(head + b"\r\n"))

    assert "its headers are larger than 65,536 bytes" in str(error)
    assert error.failure is Failure.ENGINE_FAULT
    assert not isinstance(error, TransientPluginError)


def test_many_headers_are_refused_as_by_the_standard_library(raw, monkeypatch):
    monkeypatch.setattr(http.client, "_MAXHEADERS", 100)

    error = failure(raw(b"HTTP/1.1 200 OK\r\n" + b"X-More: 1\r\n" * 101 + b"\r\n"))

    assert "got more than 100 headers" in str(error)
    assert not isinstance(error, TransientPluginError)


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"])
def test_slow_answer_is_not_waited_for_beyond_the_time(raw, begun):
    api = raw(begun, trickles=b"x")
    began = time.monotonic()

    error = failure(api, command={"timeout_seconds": 0.3})

    assert "timeout_seconds" in str(error)
    assert error.failure is Failure.ENGINE_FAULT
    assert time.monotonic() - began < 5


def test_stop_ends_a_call_that_hangs(raw):
    run = make_call(raw(b"HTTP/1.1 200 OK\r\n"), {"path": "/x"})

    started = in_background(HttpPlugin().start, run)
    time.sleep(0.2)
    run.stop.set(StopReason.CANCELED)

    assert started.result(5).state is RunState.CANCELED


def test_end_of_the_runs_time_ends_a_call(raw):
    report = call(raw(b""), {"path": "/x"}, seconds_left=0.2)

    assert report.state is RunState.FAILED
    assert "0.2 s" in report.detail


def test_stop_ends_a_compressed_answer_that_hangs(raw):
    begun = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzipped(b"x" * 99_999).body[:-9]
    run = make_call(raw(begun), {"path": "/x"})

    started = in_background(HttpPlugin().start, run)
    time.sleep(0.2)
    run.stop.set(StopReason.CANCELED)

    assert started.result(5).state is RunState.CANCELED


def test_next_address_is_tried_if_one_does_not_answer(api):
    api.replies["/x"] = Reply([1])
    run = make_call(api, {"path": "/x"})

    report = HttpPlugin(lambda host, port: ["::1", "127.0.0.1"]).start(run)

    assert report.state is RunState.SUCCEEDED


@pytest.mark.parametrize("value", ["two\r\nHost: evil.test", "tab\x00ulator", "gr\u00fc\u00df"])
def test_secret_that_no_header_can_have_is_not_sent(api, value):
    cluster = {"secret_headers": {"X-Key": "ssm:/heimdall/key"}}

    error = failure(api, cluster=cluster, secrets={"ssm:/heimdall/key": value})

    assert "ssm:/heimdall/key has characters that no header can have" in str(error)
    assert value not in str(error)
    assert api.asked == []


def test_secret_may_end_with_a_line(api):
    api.replies["/x"] = Reply([1])

    call(
        api,
        {"path": "/x"},
        cluster={"secret_headers": {"X-Key": "ssm:/heimdall/key"}},
        secrets={"ssm:/heimdall/key": "canary\n"},
    )

    assert api.asked[0].headers["x-key"] == "canary"

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest
from starlette.applications import Starlette

from heimdall_client import PortError
from heimdall_client._serving import listen, serve
from tests.unit.client.served_gateway import PATIENCE_SECONDS, OnTheWay, served

RUN = [sys.executable, "-c", "from heimdall_client.cli import main; main()"]


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def test_gateway_is_reached_on_loopback_only():
    listening = listen(0)

    addresses = {each.getsockname()[0] for each in listening}
    ports = {each.getsockname()[1] for each in listening}
    for each in listening:
        each.close()
    assert "127.0.0.1" in addresses <= {"127.0.0.1", "::1"}
    assert len(ports) == 1


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_port_in_use_is_an_error_that_names_it_and_the_way_out(free_port, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with (
        socket.create_server((address, free_port), family=family),
        pytest.raises(PortError, match=rf"port {free_port} is in use.*--port or HEIMDALL_PORT"),
    ):
        listen(free_port)


@pytest.mark.parametrize(
    ("number", "name", "reason"),
    [
        (13, "EACCES", "port 80 is not for ordinary users"),
        (99, "EADDRNOTAVAIL", r"port 80 cannot be had \(no\)"),
    ],
)
def test_port_that_cannot_be_had_is_an_error(monkeypatch, number, name, reason):
    def refuse(*_: object, **__: object) -> socket.socket:
        raise OSError(number, "no")

    monkeypatch.setattr(socket, "create_server", refuse)

    with pytest.raises(PortError, match=reason):
        listen(80)


def test_machine_without_ipv6_is_served_on_ipv4(monkeypatch):
    create_server = socket.create_server

    def only_ipv4(address: tuple[str, int], *, family: int = socket.AF_INET, **options: int):
        if family == socket.AF_INET6:
            raise OSError(97, "no IPv6 here")
        return create_server(address, **options)

    monkeypatch.setattr(socket, "create_server", only_ipv4)
    listening = listen(0)

    assert [each.getsockname()[0] for each in listening] == ["127.0.0.1"]
    listening[0].close()


def test_answer_is_passed_back_while_it_comes_in(gateway, upstream):
    may_end = threading.Event()

    body = OnTheWay([b"first", may_end, b"second"])
    upstream.answer = lambda _: httpx.Response(200, stream=body)

    with gateway.stream("GET", "/api/v1/job/1/stdout") as answer:
        arriving = answer.iter_raw()
        assert next(arriving) == b"first"
        may_end.set()
        assert next(arriving) == b"second"
    assert body.is_closed.wait(PATIENCE_SECONDS)


def test_answer_that_breaks_off_breaks_off_for_the_caller_too(gateway, upstream):
    body = OnTheWay([b"half", httpx.ReadError("reset")])
    upstream.answer = lambda _: httpx.Response(200, stream=body)

    with pytest.raises(httpx.RemoteProtocolError):
        gateway.get("/api/v1/job/1/stdout")
    assert body.is_closed.wait(PATIENCE_SECONDS)
    assert gateway.get("/api/v1/jobs", headers={"Host": "x"}).status_code == 421


def test_caller_who_goes_away_ends_the_apis_answer_too(gateway, upstream):
    body = OnTheWay(iter(lambda: b"x" * 65_536, b""))
    upstream.answer = lambda _: httpx.Response(200, stream=body)

    with gateway.stream("GET", "/api/v1/job/1/stdout") as answer:
        next(answer.iter_raw())

    assert body.is_closed.wait(PATIENCE_SECONDS)


def test_caller_who_goes_away_before_all_was_sent_reaches_nobody(upstream):
    with served(upstream) as gateway:
        port = gateway.base_url.port
        with socket.create_connection(("127.0.0.1", port)) as caller:
            caller.sendall(
                b"POST /api/v1/job HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 9\r\n\r\n{"
                % port
            )
        gateway.get("/api/v1/jobs")

    assert [request.method for request in upstream.requests] == ["GET"]


@pytest.fixture
def signals():
    """Put the process's own handlers back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_the_serving(free_port, number):
    def interrupt() -> None:
        when_it_answers(f"http://127.0.0.1:{free_port}/")
        os.kill(os.getpid(), number)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(SystemExit) as ended:
        serve(Starlette(), listen(free_port))

    thread.join()
    assert ended.value.code == 0


def test_gateway_runs_from_the_command_line_until_a_signal_comes(free_port):
    environment = {**os.environ, "HEIMDALL_API_URL": "http://127.0.0.1:9"}
    with subprocess.Popen(
        [*RUN, "gateway", "--port", str(free_port)], env=environment, stderr=subprocess.PIPE
    ) as process:
        try:
            answer = when_it_answers(f"http://127.0.0.1:{free_port}/api/v1/jobs")
            process.terminate()
            _, messages = process.communicate(timeout=PATIENCE_SECONDS)
        finally:
            process.kill()

    assert answer.json()["code"] == "upstream_unreachable"
    assert process.returncode == 0
    assert len(messages.splitlines()) == 1
    assert f"http://127.0.0.1:{free_port} signs requests" in messages.decode()


def when_it_answers(url: str) -> httpx.Response:
    for _ in range(200):
        try:
            return httpx.get(url, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(url)

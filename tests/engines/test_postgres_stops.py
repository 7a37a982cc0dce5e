"""What ends before its time, at the server too."""

import socket
import time
from threading import Thread

import pytest

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.spec import RunState, StopReason
from heimdall.plugins.postgres.plugin import PostgresPlugin
from tests.engines.postgres_runs import REFERENCE, make_run, rows_of, run
from tests.engines.postgres_server import PASSWORD, USER
from tests.fakes.runs import in_background, make_identity

pytestmark = pytest.mark.postgres

NAME = make_identity().work_name
STOP_SECONDS = 3.0
SLOW_ROWS = "SELECT i, pg_sleep(0.001), repeat('x', 100) FROM generate_series(1, 10000000) i"
MANY_ROWS = "SELECT i, repeat('x', 1000) AS text FROM generate_series(1, 10000000) i"


@pytest.fixture
def server_view(postgres):
    with postgres.connect() as connection:
        yield connection


def working(connection):
    """What the server does for runs, as it says itself."""
    found = connection.execute(
        "SELECT state, query FROM pg_stat_activity WHERE application_name = %s", [NAME]
    )
    return found.fetchall()


def wait_until(condition, seconds):
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at, "it did not come to that in time"
        time.sleep(0.02)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT pg_sleep(600)",
        SLOW_ROWS,
        f"{SLOW_ROWS} WHERE :yes",
        MANY_ROWS,
        "DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$",
        "SELECT 1; SELECT pg_sleep(600); SELECT 2",
    ],
)
def test_cancel_ends_the_statement_at_the_server(postgres, server_view, query):
    params = {"yes": True} if ":yes" in query else {}
    request = make_run(postgres, query, params=params, command={"max_bytes": 1024**4})
    started = in_background(PostgresPlugin().start, request)
    wait_until(lambda: any(state == "active" for state, _ in working(server_view)), 10)
    time.sleep(0.2)

    request.stop.set(StopReason.CANCELED)
    stopped_at = time.monotonic()
    wait_until(lambda: not working(server_view), STOP_SECONDS)
    report = started.result(STOP_SECONDS)

    assert report.state is RunState.CANCELED
    assert time.monotonic() - stopped_at < STOP_SECONDS
    assert request.output.results == {}


class _StuckOutput:
    """A place for results that takes nothing any more."""

    def __init__(self, output):
        self.stdout, self.stderr, self.redactor = output.stdout, output.stderr, output.redactor
        self.is_stuck = False

    def open_result(self, form):
        self.is_stuck = True
        time.sleep(4)
        raise PluginError("nothing was taken")


def test_cancel_ends_a_statement_whose_rows_nobody_takes(postgres, server_view):
    """A server that waits for its rows to be read does not look at cancels."""
    output = _StuckOutput(make_run(postgres, "SELECT 1").output)
    request = make_run(
        postgres, MANY_ROWS, command={"max_bytes": 1024**4}, request={"output": output}
    )
    started = in_background(PostgresPlugin().start, request)
    wait_until(lambda: output.is_stuck, 10)

    request.stop.set(StopReason.CANCELED)
    wait_until(lambda: not working(server_view), STOP_SECONDS)

    assert started.result(10).state is RunState.CANCELED


def test_time_that_is_over_ends_the_statement_at_the_server(postgres, server_view):
    report = run(postgres, "SELECT pg_sleep(600)", request={"seconds_left": 0.3})

    assert (report.state, report.result) == (RunState.FAILED, None)
    assert "0.3 s" in report.detail
    wait_until(lambda: not working(server_view), STOP_SECONDS)


def test_server_has_a_timeout_of_its_own_as_well(postgres):
    rows = rows_of(postgres, "SHOW statement_timeout", request={"seconds_left": 55.0})

    assert rows == [["1min"]]


def test_shorter_timeout_of_the_role_stays(postgres, server_view):
    server_view.execute(f"ALTER ROLE {USER} SET statement_timeout = '7s'")
    try:
        rows = rows_of(postgres, "SHOW statement_timeout", request={"seconds_left": 55.0})
    finally:
        server_view.execute(f"ALTER ROLE {USER} RESET statement_timeout")

    assert rows == [["7s"]]


@pytest.fixture
def silent_port():
    """Where somebody listens who never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_cancel_while_the_server_does_not_answer(postgres, silent_port):
    cluster = {**postgres.parts, "port": silent_port, "password": REFERENCE}
    request = make_run(postgres, "SELECT 1", cluster=cluster, secret=PASSWORD)
    started = in_background(PostgresPlugin().start, request)
    time.sleep(0.3)
    assert not started.done()

    request.stop.set(StopReason.CANCELED)

    assert started.result(1).state is RunState.CANCELED


def test_server_that_does_not_answer_is_a_fault(postgres, silent_port):
    cluster = {**postgres.parts, "port": silent_port, "password": REFERENCE}

    with pytest.raises(PluginError, match="did not answer in time") as raised:
        run(
            postgres,
            "SELECT 1",
            cluster=cluster,
            secret=PASSWORD,
            request={"seconds_left": 5.0},
        )

    assert raised.value.failure is Failure.ENGINE_FAULT


def test_server_shows_whose_work_it_is(postgres):
    query = "SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()"

    assert rows_of(postgres, query) == [[NAME]]


@pytest.mark.parametrize("where", ["", " WHERE :yes"], ids=["copied", "fetched"])
def test_connection_that_drops_in_the_middle_fails_the_job(postgres, server_view, where):
    params = {"yes": True} if where else {}
    request = make_run(postgres, SLOW_ROWS + where, params=params)
    started = in_background(PostgresPlugin().start, request)
    wait_until(lambda: any(state == "active" for state, _ in working(server_view)), 10)
    time.sleep(0.3)

    server_view.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
        [NAME],
    )
    with pytest.raises(PluginError) as raised:
        started.result(10)

    assert raised.value.failure is Failure.ENGINE_FAULT
    assert request.output.results == {}


class _Proxy:
    """Passes so many bytes of the server's on, then resets both connections."""

    def __init__(self, port, limit):
        self._limit = limit
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with (
            self._listener,
            self._listener.accept()[0] as client,
            socket.create_connection(("127.0.0.1", self._target)) as server,
        ):
            back = Thread(target=self._pass, args=(client, server), daemon=True)
            back.start()
            passed = 0
            while passed < self._limit and (data := server.recv(65536)):
                client.sendall(data)
                passed += len(data)
            for end in (client, server):
                end.shutdown(socket.SHUT_RDWR)
            back.join()

    def _pass(self, client, server):
        try:
            while data := client.recv(65536):
                server.sendall(data)
        except OSError:
            return


@pytest.mark.parametrize("where", ["", " WHERE :yes"], ids=["copied", "fetched"])
def test_network_that_drops_in_the_middle_fails_the_job(postgres, where):
    proxy = _Proxy(postgres.port, 20_000_000)
    secret = (
        f"{postgres.connection_string.replace(str(postgres.port), str(proxy.port))}?sslmode=disable"
    )
    params = {"yes": True} if where else {}
    request = make_run(postgres, MANY_ROWS + where, params=params, secret=secret)

    with pytest.raises(PluginError, match="connection to the server was lost") as raised:
        in_background(PostgresPlugin().start, request).result(30)

    assert raised.value.failure is Failure.ENGINE_FAULT
    assert request.output.results == {}


def test_cancel_over_a_verified_connection(postgres, server_view):
    cluster = {
        **postgres.parts,
        "password": REFERENCE,
        "sslmode": "verify-full",
        "sslrootcert": postgres.certificate,
    }
    request = make_run(postgres, "SELECT pg_sleep(600)", cluster=cluster, secret=PASSWORD)
    started = in_background(PostgresPlugin().start, request)
    wait_until(lambda: any(state == "active" for state, _ in working(server_view)), 10)

    request.stop.set(StopReason.CANCELED)
    wait_until(lambda: not working(server_view), STOP_SECONDS)

    assert started.result(STOP_SECONDS).state is RunState.CANCELED


def test_no_connection_is_left_behind(postgres, server_view):
    run(postgres, "SELECT 1")
    with pytest.raises(PluginError):
        run(postgres, "SELECT 1 / 0")

    wait_until(lambda: not working(server_view), STOP_SECONDS)

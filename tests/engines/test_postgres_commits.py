"""Work of which nobody knows whether it was kept is not done once more."""

import socket
from threading import Thread

import pytest

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from tests.engines.postgres_runs import run

pytestmark = pytest.mark.postgres


@pytest.fixture
def table(postgres):
    with postgres.connect() as connection:
        connection.execute("CREATE TABLE counted (i int)")
        yield connection
        connection.execute("DROP TABLE counted")


class _Cut:
    """Passes on what the client sends, and hangs up on it once that has a word."""

    def __init__(self, port, word):
        self._word = word
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def ended(self):
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _serve(self):
        with (
            self._listener,
            self._listener.accept()[0] as client,
            socket.create_connection(("127.0.0.1", self._target)) as server,
        ):
            back = Thread(target=self._answer, args=(server, client), daemon=True)
            back.start()
            while data := client.recv(65_536):
                if self._word in data:
                    client.shutdown(socket.SHUT_RDWR)
                    server.sendall(data)
                    server.shutdown(socket.SHUT_WR)
                    break
                server.sendall(data)
            back.join(10)

    def _answer(self, server, client):
        try:
            while data := server.recv(65_536):
                client.sendall(data)
        except OSError:
            while server.recv(65_536):  # what the server says is lost
                continue


def through(postgres, word):
    cut = _Cut(postgres.port, word)
    secret = postgres.connection_string.replace(f":{postgres.port}/", f":{cut.port}/")
    assert str(cut.port) in secret
    return cut, f"{secret}?sslmode=disable" if "?" not in secret else f"{secret}&sslmode=disable"


def test_lost_answer_to_a_commit_has_no_other_run(postgres, table):
    cut, secret = through(postgres, b"COMMIT\0")

    with pytest.raises(PluginError, match="not known") as raised:
        run(postgres, "INSERT INTO counted VALUES (1)", secret=secret)

    assert raised.value.failure is None
    cut.ended()


def test_connection_lost_before_the_commit_may_be_tried_again(postgres, table):
    cut, secret = through(postgres, b"VALUES (2)")

    with pytest.raises(PluginError) as raised:
        run(
            postgres,
            "INSERT INTO counted VALUES (1); INSERT INTO counted VALUES (2)",
            secret=secret,
        )

    assert raised.value.failure is Failure.ENGINE_FAULT
    cut.ended()


def test_statement_behind_one_that_is_kept_has_no_other_run(postgres, table):
    query = """
        INSERT INTO counted VALUES (1);
        DO $$ BEGIN RAISE EXCEPTION 'so' USING ERRCODE = '40P01'; END $$
    """

    with pytest.raises(PluginError, match="so") as raised:
        run(postgres, query, command={"autocommit": True})

    assert raised.value.failure is None
    assert table.execute("SELECT count(*) FROM counted").fetchone() == (1,)

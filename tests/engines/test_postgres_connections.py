"""Ways to the server that are none, and what its errors mean; secrets are in none of it."""

import pytest

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from tests.engines.certificates import write_certificate
from tests.engines.postgres_runs import REFERENCE, rows_of, run
from tests.engines.postgres_server import PASSWORD, USER

pytestmark = pytest.mark.postgres


@pytest.fixture
def parts(postgres):
    return {**postgres.parts, "password": REFERENCE}


@pytest.mark.parametrize(
    ("changes", "reason", "failure"),
    [
        ({"user": "somebody"}, "does not take this user and password", Failure.USER_ERROR),
        ({"database": "nowhere"}, "no such database", Failure.USER_ERROR),
        ({"host": "no-such-host.invalid"}, "does not resolve", Failure.ENGINE_FAULT),
        ({"port": 1}, "nothing listens there", Failure.ENGINE_FAULT),
        ({"sslmode": "verify-full"}, "certificate is not trusted", Failure.USER_ERROR),
    ],
)
def test_way_to_the_server_that_is_none(postgres, parts, changes, reason, failure):
    with pytest.raises(PluginError, match=reason) as raised:
        run(postgres, "SELECT 1", cluster={**parts, **changes}, secret=PASSWORD)

    assert raised.value.failure is failure
    assert PASSWORD not in str(raised.value)


def test_wrong_password_is_not_told(postgres, parts):
    with pytest.raises(PluginError, match="does not take this user and password") as raised:
        run(postgres, "SELECT 1", cluster=parts, secret="wr0ng-canary")

    assert raised.value.failure is Failure.USER_ERROR
    assert "canary" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    "secret",
    [
        "canary-without-sense",
        "postgresql://ada:canary word@db/x",
        "host=db canary",
        "postgresql://ada:can%zzary@127.0.0.1/x",
        "postgresql://ada:secret@canary@127.0.0.1:1/x",
        "postgresql://ada@127.0.0.1/x?sslmode=canary",
    ],
)
def test_connection_string_that_is_wrong_is_not_told(postgres, secret):
    with pytest.raises(PluginError) as raised:
        run(postgres, "SELECT 1", secret=secret)

    assert "canary" not in str(raised.value)
    assert "secret" not in str(raised.value)


def test_server_is_verified_by_its_certificate(postgres, parts):
    cluster = {**parts, "sslmode": "verify-full", "sslrootcert": postgres.certificate}
    query = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"

    assert rows_of(postgres, query, cluster=cluster, secret=PASSWORD) == [[True]]


def test_certificate_of_another_server_is_refused(postgres, parts, tmp_path):
    other = write_certificate(tmp_path, "127.0.0.1")
    cluster = {**parts, "sslmode": "verify-ca", "sslrootcert": other}

    with pytest.raises(PluginError, match="certificate is not trusted"):
        run(postgres, "SELECT 1", cluster=cluster, secret=PASSWORD)


def test_server_without_room_is_no_capacity(postgres):
    with postgres.connect() as connection:
        connection.execute("CREATE ROLE crowded LOGIN PASSWORD 'crowded-1' CONNECTION LIMIT 0")
        cluster = {**postgres.parts, "user": "crowded", "password": REFERENCE}
        try:
            with pytest.raises(PluginError, match="takes no more connections") as raised:
                run(postgres, "SELECT 1", cluster=cluster, secret="crowded-1")
        finally:
            connection.execute("DROP ROLE crowded")

    assert raised.value.failure is Failure.NO_CAPACITY


@pytest.mark.parametrize(
    ("query", "state", "failure"),
    [
        ("SELECT 1 / 0", "22012", Failure.USER_ERROR),
        ("SELECT nope", "42703", Failure.USER_ERROR),
        ("SELEC 1", "42601", Failure.USER_ERROR),
        ("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '53200'; END $$", "53200",
         Failure.NO_CAPACITY),
        ("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$", "40P01",
         Failure.ENGINE_FAULT),
        ("SET statement_timeout = 50; SELECT pg_sleep(60)", "57014", Failure.ENGINE_FAULT),
    ],
)  # fmt: skip
def test_errors_are_told_by_their_state(postgres, query, state, failure):
    with pytest.raises(PluginError, match=f"SQLSTATE {state}") as raised:
        run(postgres, query)

    assert raised.value.failure is failure


def test_password_in_a_result_is_taken_out(postgres):
    assert rows_of(postgres, f"SELECT 'is {PASSWORD}' AS a, '{USER}' AS b") == [
        ["is [secret]", USER]
    ]


def test_password_that_could_not_be_kept_out_of_a_result_is_refused(postgres):
    with pytest.raises(PluginError, match="fewer than 4 characters") as raised:
        run(postgres, "SELECT 1", secret="postgresql://ada:abc@127.0.0.1:1/x")

    assert "abc" not in str(raised.value)

"""Who is let in: by a key, by a token, by a user's own token, or not at all."""

import logging

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from pydantic import ValidationError

from heimdall.domain.errors import AccessLostError, PluginError, TransientPluginError
from heimdall.plugin.detached import WorkSearch
from heimdall.plugin.spec import HealthRequest, RunHandle, RunState
from heimdall.plugins.snowflake.options import ClusterOptions
from tests.engines.certificates import write_certificate
from tests.engines.http_server import HttpServer
from tests.engines.snowflake_server import PASSPHRASE
from tests.fakes.runs import make_identity
from tests.unit.plugins.snowflake.conftest import KEY

PHRASE = "ssm:/heimdall/snowflake/phrase"
TOKENS = "ssm:/heimdall/snowflake/tokens/{user}"


def other_key():
    return generate_private_key(65537, 2048)


def of_user(user):
    return {"user": user, "identity": make_identity(user=user)}


def health_of(bench):
    run = bench.run("select 1")
    return bench.plugin.health(
        HealthRequest(
            cluster=run.cluster,
            cluster_options=run.cluster_options,
            seconds_left=10.0,
            identity=make_identity(job_id="", run=0),
        )
    )


def with_tokens(bench, **changes):
    """Have each user of the gateway ask with a token of their own."""
    bench.cluster = bench.server.cluster(
        authenticator="oauth", token=TOKENS, **{"private_key": None, "user": None, **changes}
    )
    for user in ("ada", "bob"):
        token = f"the token of {user}"
        bench.secrets[TOKENS.format(user=user)] = token
        bench.server.tokens[token] = user.upper()


def test_key_lets_in_as_the_clusters_user(bench):
    bench.start("select 1")

    assert [(each.user, each.how) for each in bench.server.logins] == [("gateway", "SNOWFLAKE_JWT")]


def test_key_with_a_passphrase_and_escaped_line_ends_is_read(bench):
    bench.secrets[KEY] = bench.server.pem(is_encrypted=True).replace("\n", "\\n")
    bench.secrets[PHRASE] = PASSPHRASE
    bench.cluster["private_key_passphrase"] = PHRASE
    handle = bench.start("select 1")

    assert bench.plugin.poll(handle).state is RunState.SUCCEEDED


@pytest.mark.parametrize("text", ["-----BEGIN nothing", "c2VjcmV0IGNhbmFyeQ==", "encrypted"])
def test_secret_that_is_no_key_is_told_and_not_shown(bench, text):
    bench.secrets[KEY] = bench.server.pem(is_encrypted=True) if text == "encrypted" else text

    with pytest.raises(PluginError, match="no private key in PEM form") as raised:
        bench.start("select 1")

    assert bench.secrets[KEY] not in str(raised.value)
    assert raised.value.__cause__ is None
    assert bench.server.logins == []


def test_key_of_somebody_else_is_refused_for_good(make_bench):
    bench, other = make_bench(), make_bench()
    other.server.key = other_key()
    bench.secrets[KEY] = other.server.pem()

    with pytest.raises(PluginError, match="JWT token is invalid") as raised:
        bench.start("select 1")

    assert not isinstance(raised.value, TransientPluginError)


def test_access_that_is_lost_under_way_ends_no_run(bench):
    handle = bench.start("select 1")
    bench.server.key = other_key()

    with pytest.raises(AccessLostError):
        bench.plugin.poll(handle)


def test_each_user_asks_with_a_token_of_their_own(bench):
    with_tokens(bench)

    for user in ("ada", "bob"):
        handle = bench.start("select 1", **of_user(user))
        assert bench.plugin.poll(handle).state is RunState.SUCCEEDED
        assert handle.values["token"] == TOKENS.format(user=user)

    assert [each.user for each in bench.server.logins] == ["ADA", "ADA", "BOB", "BOB"]


def test_user_without_a_token_is_not_let_in_as_anybody(bench):
    with_tokens(bench, private_key=KEY, user="gateway")

    with pytest.raises(PluginError, match="there is no secret"):
        bench.start("select 1", **of_user("eve"))

    assert bench.server.logins == []


@pytest.mark.parametrize(
    "user", ["../bob", "x/../bob", "bob#key", "{user}", "", ".", "..", "b ob", "böb", "b" * 129]
)
def test_name_that_cannot_stand_in_a_reference_is_refused_and_not_changed(bench, user):
    with_tokens(bench)

    with pytest.raises(PluginError, match="names a secret for each user"):
        bench.start("select 1", **of_user(user))

    assert bench.server.logins == []


def test_token_that_ran_out_is_refused_for_good(bench):
    with_tokens(bench)
    bench.server.tokens.clear()

    with pytest.raises(PluginError, match="Invalid OAuth access token") as raised:
        bench.start("select 1", **of_user("ada"))

    assert not isinstance(raised.value, TransientPluginError)
    assert "the token of" not in str(raised.value)


def test_gateway_itself_asks_with_its_key_where_users_have_tokens(bench):
    with_tokens(bench, private_key=KEY, user="gateway")

    assert health_of(bench).is_healthy
    assert [each.user for each in bench.server.logins] == ["gateway"]


def test_gateway_without_a_key_neither_looks_for_work_nor_tells_of_health(bench):
    with_tokens(bench)
    run = bench.run("select 1")
    search = WorkSearch(
        command_options=run.command_options,
        cluster_options=run.cluster_options,
        identity=make_identity(job_id="", run=0),
    )

    assert list(bench.plugin.find_work(search)) == []
    with pytest.raises(PluginError, match="only users have tokens"):
        health_of(bench)
    assert bench.server.logins == []


@pytest.mark.parametrize(
    ("warehouse", "is_healthy"),
    [
        (("STARTED", False), True),
        (("RESUMING", False), True),
        (("SUSPENDED", True), True),
        (("SUSPENDED", False), False),
        (("SUSPENDING", True), False),
        (None, False),
    ],
)
def test_health_is_that_of_the_warehouse(bench, warehouse, is_healthy):
    bench.server.warehouses = {"OTHER": ("STARTED", True)}
    if warehouse:
        bench.server.warehouses["REPORTS"] = warehouse

    report = health_of(bench)

    assert report.is_healthy is is_healthy
    assert bool(report.detail) is not is_healthy


def test_host_that_does_not_resolve_is_told(bench):
    bench.cluster |= {"host": "no-such-host.invalid", "protocol": "https", "answer_seconds": 1}

    with pytest.raises(PluginError, match="cannot be resolved") as raised:
        bench.start("select 1")

    assert not isinstance(raised.value, TransientPluginError)


def test_host_that_does_not_answer_is_asked_again_later(bench):
    bench.cluster |= {"port": 1, "answer_seconds": 1}

    with pytest.raises(TransientPluginError, match="out of reach"):
        bench.start("select 1")


def test_wrong_certificate_is_told(bench, tmp_path):
    write_certificate(tmp_path, "127.0.0.1")
    files = (tmp_path / "certificate.pem", tmp_path / "key.pem")

    with HttpServer(None, files) as server:
        bench.cluster |= {"port": server.port, "protocol": "https", "answer_seconds": 1}
        with pytest.raises(PluginError, match="cannot be trusted") as raised:
            bench.start("select 1")

    assert not isinstance(raised.value, TransientPluginError)


def test_nothing_of_the_secrets_comes_out(bench, caplog):
    caplog.set_level(logging.DEBUG)
    with_tokens(bench, private_key=KEY, user="gateway")
    run = bench.run("select 1", **of_user("ada"))
    handle = bench.opened(bench.plugin.start(run))
    report = bench.plugin.poll(handle)
    bench.collect(handle, report)
    health_of(bench)
    bench.server.tokens.clear()
    with pytest.raises(PluginError) as raised:
        bench.plugin.poll(handle)

    told = [repr(handle), str(dict(handle.values)), repr(report), repr(raised.value), caplog.text]
    for secret in bench.secrets.values():
        assert not any(secret.strip() in text for text in told)


def test_handle_of_another_cluster_is_refused(bench):
    handle = bench.start("select 1")

    for changed in ({"cluster": "{"}, {"cluster": "[]"}, {"query": "x"}, {"started_at": "x"}):
        with pytest.raises(PluginError, match="cannot be read"):
            bench.plugin.poll(RunHandle(values={**handle.values, **changed}))


@pytest.mark.parametrize(
    "changes",
    [
        {"private_key": None},
        {"private_key": "the text of a key"},
        {"user": None},
        {"authenticator": "oauth"},
        {"authenticator": "password"},
        {
            "private_key": None,
            "user": None,
            "authenticator": "oauth",
            "private_key_passphrase": KEY,
        },
        {"host": "acme.example.com"},
        {"host": "127.0.0.1/x"},
        {"account": "acme/eu"},
    ],
)
def test_cluster_that_makes_no_sense_is_refused(bench, changes):
    told = {**bench.cluster, **changes}

    with pytest.raises(ValidationError):
        ClusterOptions.model_validate({name: value for name, value in told.items() if value})

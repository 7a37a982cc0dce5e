"""The gateway's own plugins keep the contract."""

import pkgutil
from threading import Event

import boto3
import pytest
from moto import mock_aws

import heimdall.plugins
from heimdall.plugin.registry import package_name
from tests.contract.plugin_contract import InStartContract, LongInStartContract, PluginContract
from tests.engines import flight_sql_server
from tests.engines.clickhouse import start_clickhouse
from tests.engines.flight_sql_server import FlightSqlServer
from tests.engines.postgres_server import (
    PASSWORD,
    postgres,  # noqa: F401 - a fixture
)
from tests.fakes.dynamo_pages import DynamoPages, page
from tests.fakes.engines import DRIVERS
from tests.fakes.engines.lambda_ import LambdaEngine
from tests.fakes.session import fresh_session
from tests.fakes.tables_of_others import create_music, create_sales
from tests.unit.plugins.duckdb.lake import PREFIX, REGION, lake
from tests.unit.plugins.http.api import Api, Reply, served


class TestPing(InStartContract):
    name = "ping"
    package = "heimdall.plugins.ping"
    secrets = ("hunter2",)

    @pytest.fixture
    def cluster_context(self):
        return {"password": "hunter2"}


class TestShell(LongInStartContract):
    name = "shell"
    package = "heimdall.plugins.shell"
    secrets = ("hunter2",)

    @pytest.fixture
    def job_context(self):
        return {"arguments": ["cat", "context.json"]}

    @pytest.fixture
    def long_job_context(self):
        return {"arguments": ["sleep", "600"]}

    @pytest.fixture
    def cluster_context(self):
        return {"database": {"user": "ada", "password": "hunter2"}}


class TestNoop(LongInStartContract):
    name = "noop"
    package = "heimdall.plugins.noop"
    secrets = ("hunter2",)
    kept_secrets = {"ssm:/heimdall/token": "correct horse"}  # noqa: RUF012 - as the contract says

    @pytest.fixture
    def job_context(self):
        return {
            "output_bytes": 100,
            "payload": {"password": "hunter2"},
            "outputs": {"url": "https://example.com"},
        }

    @pytest.fixture
    def cluster_context(self):
        return {"token": "ssm:/heimdall/token"}

    @pytest.fixture
    def long_job_context(self):
        return {"delay_seconds": 600}


class TestDuckdb(LongInStartContract):
    name = "duckdb"
    package = "heimdall.plugins.duckdb"

    @pytest.fixture(autouse=True)
    def s3(self):
        with lake():
            yield

    @pytest.fixture
    def job_context(self):
        return {"query": f"SELECT :n AS n, * FROM '{PREFIX}people.csv'", "params": {"n": 1}}

    @pytest.fixture
    def long_job_context(self):
        return {"query": "SELECT count(*) FROM range(10_000_000_000) a WHERE hash(a.range) = 1"}

    @pytest.fixture
    def cluster_context(self):
        return {"region": REGION, "prefixes": [PREFIX]}


class TestHttp(LongInStartContract):
    name = "http"
    package = "heimdall.plugins.http"
    kept_secrets = {"ssm:/heimdall/token": "correct horse"}  # noqa: RUF012 - as the contract says

    @pytest.fixture
    def api(self):
        with served(Api()) as api:
            hung_up = Event()
            api.replies["/people"] = Reply([{"name": "ada"}])
            api.replies["/health"] = Reply()
            api.replies["/slow"] = lambda asked: Reply(b"x" if hung_up.wait(30) else b"")
            yield api
            hung_up.set()

    @pytest.fixture
    def job_context(self):
        return {"path": "/people"}

    @pytest.fixture
    def long_job_context(self):
        return {"path": "/slow"}

    @pytest.fixture
    def cluster_context(self, api):
        return {
            "allowed_hosts": [api.host],
            "base_url": f"http://{api.host}",
            "secret_headers": {"Authorization": "ssm:/heimdall/token"},
            "allow_private": True,
            "health_path": "/health",
        }


class TestClickHouse(LongInStartContract):
    """At chdb, the engine itself, behind ClickHouse's HTTP interface."""

    name = "clickhouse"
    package = "heimdall.plugins.clickhouse"
    kept_secrets = {"ssm:/heimdall/clickhouse": "canary-5f1-right"}  # noqa: RUF012 - as the contract says

    @pytest.fixture
    def job_context(self):
        return {"query": "SELECT :a AS a", "params": {"a": [1, None]}}

    @pytest.fixture
    def command_context(self):
        return {"username": "ada", "password": "ssm:/heimdall/clickhouse"}

    @pytest.fixture
    def cluster_context(self):
        return {"endpoints": [start_clickhouse()]}

    @pytest.fixture
    def long_job_context(self):
        slow = "SELECT sleepEachRow(0.05) AS s FROM numbers(10000) SETTINGS max_block_size = 1"
        return {"query": slow}


class TestLambda(InStartContract):
    """Functions that are waited for; tests/contract/test_engines.py is for durable ones."""

    name = "lambda"
    package = "heimdall.plugins.lambda_"

    @pytest.fixture(autouse=True)
    def engine(self):
        with mock_aws():
            fresh_session()
            yield LambdaEngine()
            boto3.DEFAULT_SESSION = None

    @pytest.fixture
    def job_context(self):
        return {"payload": {"day": "2026-11-22"}}

    @pytest.fixture
    def command_context(self):
        return {"function_name": "theirs"}


@pytest.mark.postgres
class TestPostgres(LongInStartContract):
    name = "postgres"
    package = "heimdall.plugins.postgres"
    kept_secrets = {"ssm:/heimdall/password": PASSWORD}  # noqa: RUF012 - as the contract says

    @pytest.fixture
    def cluster_context(self, postgres):  # noqa: F811 - the fixture
        return {**postgres.parts, "password": "ssm:/heimdall/password"}

    @pytest.fixture
    def job_context(self):
        return {"query": f"select :number as number, '{PASSWORD}' as text", "params": {"number": 1}}

    @pytest.fixture
    def long_job_context(self):
        return {"query": "select pg_sleep(600)"}


class TestDynamo(LongInStartContract):
    name = "dynamo"
    package = "heimdall.plugins.dynamo"

    @pytest.fixture(autouse=True)
    def table(self):
        with mock_aws():
            fresh_session()
            create_music()
            yield
            boto3.DEFAULT_SESSION = None

    @pytest.fixture
    def job_context(self):
        return {"query": 'SELECT * FROM "Music" WHERE Artist = :a', "params": {"a": "Acme"}}

    @pytest.fixture
    def long_job_context(self):
        DynamoPages(lambda: page(next_token="more"))
        return {"query": 'SELECT * FROM "Music"'}


class TestGlue(InStartContract):
    name = "glue"
    package = "heimdall.plugins.glue"

    @pytest.fixture(autouse=True)
    def catalog(self):
        with mock_aws():
            fresh_session()
            create_sales()
            yield
            boto3.DEFAULT_SESSION = None

    @pytest.fixture
    def job_context(self):
        return {"table_name": "sales.orders"}


class TestStarRocks(LongInStartContract):
    name = "starrocks"
    package = "heimdall.plugins.starrocks"
    kept_secrets = {"ssm:/heimdall/starrocks": flight_sql_server.PASSWORD}  # noqa: RUF012 - as the contract says

    @pytest.fixture(autouse=True)
    def server(self):
        with FlightSqlServer() as server:
            yield server

    @pytest.fixture
    def job_context(self):
        return {"query": "select range as n from range(10)"}

    @pytest.fixture
    def long_job_context(self):
        return {"query": "select sleep(600)"}

    @pytest.fixture
    def command_context(self):
        return {"username": flight_sql_server.USER, "password": "ssm:/heimdall/starrocks"}

    @pytest.fixture
    def cluster_context(self, server):
        return server.context()


def test_every_plugin_of_the_gateway_is_held_to_the_contract():
    held = {
        contract.package
        for contract in globals().values()
        if isinstance(contract, type)
        and issubclass(contract, PluginContract)
        and hasattr(contract, "package")
    }
    # tests/contract/test_engines.py is for those
    held |= {f"heimdall.plugins.{package_name(driver.plugin)}" for driver in DRIVERS}

    found = {
        f"heimdall.plugins.{package.name}"
        for package in pkgutil.iter_modules(heimdall.plugins.__path__)
    }

    assert held == found

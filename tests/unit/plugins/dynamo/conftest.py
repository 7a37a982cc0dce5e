"""A table in moto, and the plugin in front of it."""

from collections.abc import Iterator
from types import SimpleNamespace

import boto3
import pytest
from moto import mock_aws

from heimdall.domain.result import ResultForm
from heimdall.plugin.identity import PluginServices
from heimdall.plugins.dynamo.plugin import build_plugin
from tests.fakes.runs import PlainAws, make_run_request
from tests.fakes.session import fresh_session
from tests.fakes.tables_of_others import create_music


@pytest.fixture
def dynamo() -> Iterator[SimpleNamespace]:
    """`dynamo.start("SELECT ...", limit=1)` runs a job; `dynamo.run` is its request."""
    with mock_aws():
        fresh_session()
        create_music()
        aws = PlainAws()
        plugin = build_plugin(PluginServices(aws=aws))
        world = SimpleNamespace(aws=aws, plugin=plugin, run=None)

        def start(query, *, command=None, cluster=None, changes=None, **context):
            world.run = make_run_request(
                "dynamo",
                context={"query": query, **context},
                command_context=command,
                cluster_context=cluster,
                **(changes or {}),
            )
            return plugin.start(world.run)

        world.start = start
        world.stored = lambda: world.run.output.results[ResultForm.JSON]
        yield world
        boto3.DEFAULT_SESSION = None

"""The layer that all functions share: the package `heimdall` and what it depends on."""

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.build import build_layer
from infra.config import Config

RUNTIME = lambda_.Runtime.PYTHON_3_13
ARCHITECTURE = lambda_.Architecture.ARM_64


class PluginLayer(lambda_.LayerVersion):
    """What Lambda unpacks to /opt: python/heimdall, its wheels, and third parties' plugins."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config) -> None:
        super().__init__(
            scope,
            construct_id,
            description="The package heimdall, its plugins and their dependencies",
            code=lambda_.Code.from_asset(str(build_layer(config.plugin_requirements))),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[ARCHITECTURE],
        )

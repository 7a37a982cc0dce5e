"""The layer that all functions share, and those that only some runners have."""

from collections.abc import Sequence

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.build import build_layer, build_runner_layer
from infra.config import Config

RUNTIME = lambda_.Runtime.PYTHON_3_13
ARCHITECTURE = lambda_.Architecture.ARM_64


class PluginLayer(lambda_.LayerVersion):
    """What Lambda unpacks to /opt: python/heimdall, its wheels, and third parties' plugins."""

    def __init__(self, scope: Construct, construct_id: str, *, config: Config) -> None:
        self.folder = build_layer(config.plugin_requirements)
        super().__init__(
            scope,
            construct_id,
            description="The package heimdall, its plugins and their dependencies",
            code=lambda_.Code.from_asset(str(self.folder)),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[ARCHITECTURE],
        )


class RunnerLayer(lambda_.LayerVersion):
    """Drivers of engines and what they depend on, beside the shared layer."""

    def __init__(self, scope: Construct, construct_id: str, *, families: Sequence[str]) -> None:
        self.folder = build_runner_layer(families)
        super().__init__(
            scope,
            construct_id,
            description=f"Packages for plugins of {' and '.join(families)}",
            code=lambda_.Code.from_asset(str(self.folder)),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[ARCHITECTURE],
        )

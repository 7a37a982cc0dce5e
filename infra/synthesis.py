"""Puts the stacks together and writes their templates."""

import shutil
from pathlib import Path

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra import process
from infra.config import context_of_checkout, read_config
from infra.service import HeimdallService
from infra.stateful import HeimdallStateful


def application(output: Path) -> App:
    """Build every package and put the stacks together.

    Args:
        output: the folder that `synth` of the answer writes to.
    """
    app = App(context=context_of_checkout(), outdir=str(output))
    config = read_config(app.node.get_all_context())
    stateful = HeimdallStateful(app, f"{config.stack_prefix}Stateful", config=config)
    HeimdallService(app, f"{config.stack_prefix}Service", config=config, data=stateful)
    Validations.of(app).add_plugins(
        AwsSolutionsChecks(app, write_suppressions_to_cloud_formation=True)
    )
    return app


def synthesize() -> None:
    """Write the templates and assets of every stack to cdk.out/ (or where the CDK says)."""
    output = Path(process.output_folder())
    for asset in output.glob("asset.*"):  # of earlier code; CDK would keep them for ever
        shutil.rmtree(asset)
    application(output).synth()

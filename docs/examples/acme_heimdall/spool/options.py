"""The contexts that spool takes."""

from pydantic import Field

from heimdall.plugin.options import OptionModels, PluginOptions


class JobOptions(PluginOptions):
    """What a job asks for: `{"script": "SELECT 1"}`."""

    script: str = Field(min_length=1, max_length=100_000)


class ClusterOptions(PluginOptions):
    """Where the machine looks for work: `{"directory": "/mnt/spool"}`."""

    directory: str


OPTIONS = OptionModels(job=JobOptions, cluster=ClusterOptions)

"""The contexts that ping takes."""

from heimdall.plugin.options import OptionModels, PluginOptions


class JobOptions(PluginOptions):
    """Nothing: `{}`."""


OPTIONS = OptionModels(job=JobOptions)

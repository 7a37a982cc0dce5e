"""The contexts that shell takes."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from heimdall.plugin.options import OptionModels, PluginOptions


def _passable(argument: str) -> str:
    """Refuse what no program can be given: arguments end at a NUL and are bytes, here UTF-8."""
    if "\0" in argument:
        raise ValueError("an argument must not contain a NUL character")
    if any("\ud800" <= character <= "\udfff" for character in argument):
        raise ValueError("an argument must not contain half of a surrogate pair")
    return argument


Argument = Annotated[str, AfterValidator(_passable)]


class CommandOptions(PluginOptions):
    """What every job of the command runs.

    Attributes:
        command: the program and its first arguments: `["python3", "-u", "report.py"]`.
    """

    command: list[Argument] = Field(default_factory=list)


class JobOptions(PluginOptions):
    """What one job adds.

    Attributes:
        arguments: appended to the command's; with a command of none, the first is the program.
    """

    arguments: list[Argument] = Field(default_factory=list)


def argv_of(job: JobOptions, command: CommandOptions) -> list[str]:
    """Put the command line of a job together."""
    return [*command.command, *job.arguments]


def check_program(job: JobOptions, command: CommandOptions, cluster: BaseModel) -> None:  # noqa: ARG001 - called with all three
    """Refuse a job that names no program.

    Raises:
        ValueError: neither the command nor the job names one, or its name is empty.
    """
    argv = argv_of(job, command)
    if not argv:
        raise ValueError("there is nothing to run: command and arguments are both empty")
    if not argv[0]:
        raise ValueError("there is nothing to run: the name of the program is empty")


OPTIONS = OptionModels(job=JobOptions, command=CommandOptions, check=check_program)

"""The command line `heimdall`: a thin layer over the client."""

from collections.abc import Sequence
from typing import Annotated

import typer

from heimdall_client._exceptions import ConfigurationError, HeimdallError
from heimdall_client._session import JsonOption, Outside, Session
from heimdall_client._terminal import say_error, show_json
from heimdall_client._version import __version__
from heimdall_client.cli_audit import audit
from heimdall_client.cli_catalog import apply
from heimdall_client.cli_dead_letters import dead, redrive
from heimdall_client.cli_gateway import gateway
from heimdall_client.cli_health import health
from heimdall_client.cli_history import history, revision, rollback, show
from heimdall_client.cli_job import cancel, logs, runs, status
from heimdall_client.cli_lists import bindings, clusters, commands, jobs, policies
from heimdall_client.cli_result import result
from heimdall_client.cli_submit import submit

EXIT_FAILED = 1
EXIT_USAGE = 2

app = typer.Typer(
    name="heimdall",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Submit jobs to Heimdall, look at them, and keep its commands and clusters.",
)


@app.callback()
def connect(
    context: typer.Context,
    url: Annotated[
        str | None,
        typer.Option(envvar="HEIMDALL_URL", help="Address of a local gateway; nothing is signed."),
    ] = None,
    api_url: Annotated[
        str | None,
        typer.Option(
            envvar="HEIMDALL_API_URL",
            help="Address of the API; requests are signed with your AWS credentials.",
        ),
    ] = None,
) -> None:
    """Take the addresses; an option counts more than the environment."""
    outside = context.obj if isinstance(context.obj, Outside) else Outside()
    given = {name for name in ("url", "api_url") if _is_option(context, name)}
    if len(given) > 1:
        raise typer.BadParameter("give --url or --api-url, not both")
    context.obj = Session(url=url, api_url=api_url, prefers_api="api_url" in given, outside=outside)


def _is_option(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


OF_JOBS = (submit, jobs, status, runs, logs, result, cancel)
OF_THE_CATALOG = (
    *(apply, commands, clusters, bindings, policies),
    *(show, history, revision, rollback),
)
OF_THE_API = (health, dead, redrive, audit, gateway)

for panel, found in (
    ("Jobs", OF_JOBS),
    ("The catalog", OF_THE_CATALOG),
    ("The API", OF_THE_API),
):
    for command in found:
        app.command(rich_help_panel=panel)(command)


@app.command(rich_help_panel="The API")
def version(as_json: JsonOption = False) -> None:
    """Print the version of this command line."""
    if as_json:
        show_json({"version": __version__})
    else:
        typer.echo(__version__)


def main(arguments: Sequence[str] | None = None, *, outside: Outside | None = None) -> None:
    """Run the command line, and end the process with its exit code."""
    try:
        app(args=arguments, prog_name="heimdall", obj=outside)
    except HeimdallError as error:
        say_error(error)
        is_usage = isinstance(error, ConfigurationError)
        raise SystemExit(EXIT_USAGE if is_usage else EXIT_FAILED) from error

"""`heimdall gateway`: runs the local gateway."""

from typing import Annotated

import typer

from heimdall_client._exceptions import ConfigurationError
from heimdall_client._session import session_of
from heimdall_client._terminal import say


def gateway(
    context: typer.Context,
    port: Annotated[
        int,
        typer.Option(
            envvar="HEIMDALL_PORT",
            min=0,
            max=65_535,
            help="Where to listen, on this machine only; 0 is any free port.",
        ),
    ] = 9090,
    forward_user: Annotated[
        bool,
        typer.Option(
            "--forward-user",
            help="Pass X-Heimdall-User on, if the API trusts your credentials so far.",
        ),
    ] = False,
) -> None:
    """Serve the API on this machine, signing requests with your AWS credentials.

    Programs of this machine and the gateway's own pages can use it; other web pages cannot.
    """
    from heimdall_client._auth import SigV4Auth
    from heimdall_client._connection import checked_base_url
    from heimdall_client._serving import listen, serve
    from heimdall_client.gateway import GatewaySettings, build_app

    api_url = session_of(context).api_url
    if not api_url:
        raise ConfigurationError("which API is the gateway for? Set HEIMDALL_API_URL")
    checked_base_url(api_url)
    sockets = listen(port)
    port = sockets[0].getsockname()[1]
    app = build_app(
        GatewaySettings(api_url=api_url, port=port, auth=SigV4Auth(), forward_user=forward_user)
    )
    say(f"http://127.0.0.1:{port} signs requests and passes them on to {api_url}; Ctrl-C stops it")
    serve(app, sockets)

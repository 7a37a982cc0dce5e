"""What a query is started with: who asks, and in which session."""

import base64
from collections.abc import Mapping
from urllib.parse import quote_plus

from heimdall.domain.errors import PluginError
from heimdall.domain.failures import Failure
from heimdall.plugin.identity import Identity
from heimdall.plugins.trino.options import ClusterOptions, CommandOptions, JobOptions, Place

CAPABILITIES = "PATH,PARAMETRIC_DATETIME"
"""Timestamps come with the digits that their columns have, not cut to three."""

_LAST_LATIN = "\xff"


def user_of(cluster: ClusterOptions, user: str) -> str:
    """Return in whose name a query runs."""
    return user if cluster.impersonates or not cluster.user else cluster.user


def who(user: str, principal: str | None, password: str | None) -> Mapping[str, str]:
    """Return the headers that say who asks.

    Args:
        user: in whose name.
        principal: who proves to be somebody, with a password; None if nobody has to.
        password: of the principal.
    """
    headers = {"X-Trino-User": _sound(user, "the user")}
    if principal is not None and password is not None:
        given = base64.b64encode(f"{principal}:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {given}"
    return headers


def session(
    job: JobOptions, command: CommandOptions, place: Place, identity: Identity
) -> Mapping[str, str]:
    """Return the headers of the session that a query starts in.

    Raises:
        PluginError: a name cannot be sent.
    """
    tags = (identity.work_name, *command.client_tags)
    headers = {
        "X-Trino-Source": command.source,
        "X-Trino-Client-Tags": ",".join(tags),
        "X-Trino-Client-Info": identity.work_name,
        "X-Trino-Client-Capabilities": CAPABILITIES,
        "X-Trino-Time-Zone": command.time_zone,
    }
    if place.catalog is not None:
        headers["X-Trino-Catalog"] = _sound(place.catalog, "the catalog")
    if place.schema_name is not None:
        headers["X-Trino-Schema"] = _sound(place.schema_name, "the schema")
    properties = {**command.session, **job.session}
    if properties:
        pairs = (f"{name}={quote_plus(value)}" for name, value in sorted(properties.items()))
        headers["X-Trino-Session"] = ",".join(pairs)
    return headers


def _sound(text: str, what: str) -> str:
    """Refuse what no header can carry."""
    if text.isprintable() and max(text, default="") <= _LAST_LATIN:
        return text
    raise PluginError(
        f"{what} {text!r} cannot be told to Trino: only letters of Latin-1 can",
        failure=Failure.USER_ERROR,
    )

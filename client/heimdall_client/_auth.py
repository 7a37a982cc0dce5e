"""Signs requests for an API Gateway with IAM authorization (Signature Version 4, by botocore)."""

import asyncio
import re
import threading
from collections.abc import AsyncGenerator, Generator
from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes, unquote_to_bytes

import httpx

from heimdall_client._exceptions import ConfigurationError, CredentialsError

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials
    from botocore.session import Session

SERVICE = "execute-api"
_API_HOST = re.compile(r"\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$")
_SIGNED = ("host", "content-type", "x-heimdall-user")
"""Signed beside the date. Others, such as Accept-Encoding, may be rewritten on the way."""


class SigV4Auth(httpx.Auth):
    """Signs each request with the AWS credentials that boto3 or the AWS CLI would use.

    Args:
        region: the API's; by default the one in its host name, otherwise the session's.
        session: where credentials come from; by default the environment, the shared files, SSO,
            a role of the machine, and so on. It is asked when the first request is sent.
    """

    requires_request_body = True

    def __init__(self, *, region: str | None = None, session: "Session | None" = None) -> None:
        import botocore.session  # takes longer to import than most requests take

        self._region = region
        self._session = session or botocore.session.Session()
        self._lock = threading.Lock()

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """Read the body, which the signature covers, and sign."""
        request.read()
        self._sign(request)
        yield request

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Do the same without blocking the loop: credentials may have to be fetched."""
        await request.aread()
        await asyncio.to_thread(self._sign, request)
        yield request

    def _sign(self, request: httpx.Request) -> None:
        from botocore.auth import SigV4Auth as Signer
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import BotoCoreError

        request.url = _with_canonical_query(request.url)
        headers = {name: request.headers[name] for name in _SIGNED if name in request.headers}
        signed = AWSRequest(
            method=request.method,
            url=f"{request.url.scheme}://{headers['host']}{request.url.raw_path.decode()}",
            headers=headers,
            data=request.content,
        )
        try:
            region = self._region_of(request.url.host)
            signer = Signer(self._current_credentials(), SERVICE, region)
        except BotoCoreError as error:
            raise CredentialsError(f"the AWS credentials cannot be used: {error}") from error
        signer.add_auth(signed)
        for name in ("Authorization", "X-Amz-Date", "X-Amz-Security-Token"):
            if name in signed.headers:
                request.headers[name] = signed.headers[name]

    def _current_credentials(self) -> "ReadOnlyCredentials":
        with self._lock:  # the session finds them once; botocore refreshes them when they expire
            found = self._session.get_credentials()
        if found is None:
            raise CredentialsError(
                "there are no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY, or sign in with `aws sso login`"
            )
        return found.get_frozen_credentials()

    def _region_of(self, host: str) -> str:
        in_host = _API_HOST.search(host)
        region = self._region or (in_host and in_host[1])
        region = region or self._session.get_config_variable("region")
        if not region:
            raise ConfigurationError(f"the AWS region of {host} is unknown: set AWS_DEFAULT_REGION")
        return str(region)


def _with_canonical_query(url: httpx.URL) -> httpx.URL:
    """Write the query as the signature wants it, so that all parties read the same.

    `a+b`, `a%20b` and `a%2bb` are legal and ambiguous; here a space is `%20`, a plus `%2B`, and a
    key without a value ends with `=`. Order and repetitions stay.
    """
    if not url.query:
        return url
    pairs = [pair.partition(b"=") for pair in url.query.split(b"&") if pair]
    query = "&".join(f"{_reencoded(key)}={_reencoded(value)}" for key, _, value in pairs)
    return url.copy_with(query=query.encode() or None)


def _reencoded(text: bytes) -> str:
    return quote_from_bytes(unquote_to_bytes(text.replace(b"+", b" ")), safe="-_.~")

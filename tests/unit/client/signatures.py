"""Checks Signature Version 4 the way AWS describes it for the receiving side."""

import hashlib
import hmac
import re
from urllib.parse import quote_from_bytes, unquote_to_bytes

import httpx
from botocore.credentials import Credentials

SECRET = "secret"
_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<scope>[^,]+), "
    r"SignedHeaders=(?P<headers>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


class Keys:
    """A session that knows its credentials."""

    def __init__(self, credentials: Credentials | None, region: str | None = None) -> None:
        self.credentials = credentials
        self.region = region

    def get_credentials(self) -> Credentials | None:
        return self.credentials

    def get_config_variable(self, name: str) -> str | None:
        assert name == "region"
        return self.region


def is_signed_by(request: httpx.Request, *, secret: str = SECRET) -> bool:
    """Compute the signature of what arrived, and compare."""
    found = _HEADER.fullmatch(request.headers["authorization"])
    assert found
    date, region, service, _ = found["scope"].split("/")
    names = found["headers"].split(";")
    path, _, query = request.url.raw_path.partition(b"?")
    canonical = "\n".join(
        [
            request.method,
            quote_from_bytes(path, safe="/-_.~"),
            _canonical_query(query),
            *(f"{name}:{' '.join(request.headers[name].split())}" for name in names),
            "",
            found["headers"],
            hashlib.sha256(request.content).hexdigest(),
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{request.headers['x-amz-date']}\n{found['scope']}\n{digest}"
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), found["signature"])


def scope_of(request: httpx.Request) -> list[str]:
    found = _HEADER.fullmatch(request.headers["authorization"])
    assert found
    return found["scope"].split("/")


def signed_headers_of(request: httpx.Request) -> list[str]:
    found = _HEADER.fullmatch(request.headers["authorization"])
    assert found
    return found["headers"].split(";")


def _canonical_query(query: bytes) -> str:
    if not query:
        return ""
    pairs = [pair.partition(b"=") for pair in query.split(b"&")]
    written = [(_written(name), _written(value)) for name, _, value in pairs]
    return "&".join(f"{name}={value}" for name, value in sorted(written))


def _written(text: bytes) -> str:
    return quote_from_bytes(unquote_to_bytes(text), safe="-_.~")

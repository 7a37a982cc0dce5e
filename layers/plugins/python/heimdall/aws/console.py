"""Addresses in AWS's console, for people."""

from botocore.client import BaseClient

_DOMAINS = {
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}


def console_url(client: BaseClient, page: str, place: str) -> str:
    """Return the address of a place on a page of the console, in the client's region.

    Args:
        client: one of a service.
        page: `athena/home`.
        place: what comes after the `#`.
    """
    region = client.meta.region_name
    domain = _DOMAINS.get(client.meta.partition, "console.aws.amazon.com")
    return f"https://{region}.{domain}/{page}?region={region}#{place}"

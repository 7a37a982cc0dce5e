"""The lines that AWS itself logs for each run of a function and each request of the API."""

import re
from collections.abc import Mapping

REQUEST_ID = "01a2b3c4-d5e6-4f01-8a2b-3c4d5e6f7a8b"
MEASURES = "Duration: 12.34 ms\tBilled Duration: 13 ms\tMemory Size: 512 MB\tMax Memory Used: 99 MB"
OF_LAMBDA = (
    f"START RequestId: {REQUEST_ID} Version: $LATEST",
    f"END RequestId: {REQUEST_ID}",
    f"REPORT RequestId: {REQUEST_ID}\t{MEASURES}\t",
)
"""Init Duration comes with the few runs that start cold."""

_VARIABLE = re.compile(r"\$context\.([A-Za-z.]+)")
_VALUES: Mapping[str, str] = {
    "requestId": "JKJaXmPLvHcESHA=",
    "requestTimeEpoch": "1800000000000",
    "httpMethod": "POST",
    "path": "/api/v1/job",
    "routeKey": "POST /api/v1/{proxy+}",
    "status": "200",
    "responseLength": "512",
    "responseLatency": "42",
    "integrationLatency": "40",
    "identity.accountId": "123456789012",
    "identity.userArn": "arn:aws:sts::123456789012:assumed-role/analytics-jobs/session-name",
    "identity.caller": "AROAEXAMPLEEXAMPLE123:session-name",
    "identity.sourceIp": "192.0.2.123",
    "identity.userAgent": "python-httpx/0.28.1",
}


def line_bytes(lines: list[str]) -> int:
    """Return the size of lines, each with its end."""
    return sum(len(line.encode()) + 1 for line in lines)


def access_log_line(log_format: str) -> str:
    """Fill in the format of the API's access log; a variable without a value is a dash."""
    return _VARIABLE.sub(lambda found: _VALUES.get(found[1], "-"), log_format)

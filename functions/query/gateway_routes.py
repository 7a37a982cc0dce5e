"""What the gateway says of itself."""

from functools import cache
from pathlib import Path

from aws_lambda_powertools.event_handler import Response

from heimdall.http.resolver import build_router

DOCUMENT = Path(__file__).with_name("openapi.json")

router = build_router(takes=None)


@router.get("/api/v1/openapi.json")
def get_openapi() -> Response[str]:
    """Get this document."""
    return Response(200, "application/json", _document(), {"Cache-Control": "max-age=300"})


@cache
def _document() -> str:
    return DOCUMENT.read_text()

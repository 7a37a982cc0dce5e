"""GET of the API: jobs, their streams and results, the catalog."""

from collections.abc import Mapping
from typing import Any

import heimdall.startup
from functions.query import (
    audit_routes,
    catalog_routes,
    delivery_routes,
    gateway_routes,
    health_routes,
    job_routes,
)
from heimdall.http.resolver import build_resolver
from heimdall.observability import logger
from heimdall.runtime import query_runtime

app = build_resolver(lambda: query_runtime().gate)
app.include_router(job_routes.router)
app.include_router(job_routes.open_router)
app.include_router(catalog_routes.router)
app.include_router(catalog_routes.bindings_router)
app.include_router(catalog_routes.policies_router)
app.include_router(catalog_routes.open_router)
app.include_router(audit_routes.router)
app.include_router(delivery_routes.router)
app.include_router(gateway_routes.router)
app.include_router(health_routes.router)


@logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
def lambda_handler(event: dict[str, Any], context: Any) -> Mapping[str, Any]:  # noqa: ANN401
    """Answer one request of the HTTP API."""
    return app.resolve(event, context)


heimdall.startup.loaded()

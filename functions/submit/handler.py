"""POST and PUT of the API: jobs submitted and canceled, the catalog changed."""

from collections.abc import Mapping
from typing import Any

import heimdall.startup
from functions.submit import catalog_routes, delivery_routes, job_routes
from heimdall.http.resolver import build_resolver
from heimdall.observability import logger, metrics
from heimdall.runtime import submit_runtime

app = build_resolver(lambda: submit_runtime().gate)
app.include_router(job_routes.router)
app.include_router(catalog_routes.router)
app.include_router(delivery_routes.router)


@metrics.log_metrics
@logger.inject_lambda_context(correlation_id_path="requestContext.requestId")
def lambda_handler(event: dict[str, Any], context: Any) -> Mapping[str, Any]:  # noqa: ANN401
    """Answer one request of the HTTP API."""
    return app.resolve(event, context)


heimdall.startup.loaded()

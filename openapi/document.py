"""Builds the document: the routes of the functions, joined with their contracts."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from functions.query.handler import app as query
from functions.submit.handler import app as submit
from openapi.answers import Error, GatewayRefusal
from openapi.contract import JSON, REFERENCE, Contract, Parameter, Response, reference
from openapi.contracts import CONTRACTS
from openapi.explain_answers import Explanation

ROOT = Path(__file__).parents[1]
DESCRIPTION = """\
A gateway to data engines: jobs are submitted by tags, and run where a command and a cluster fit.

Every request is signed with SigV4 for `execute-api`. Times are whole seconds since the epoch, UTC.
Fields that are not listed are refused in requests; answers may gain fields in later versions."""

EVERY_ROUTE = (401, 403, 429, 500, 503)
"""How any request may be refused: by IAM or the gateway, by limits, by faults."""

REFUSALS = {
    400: "the `cursor` did not come from this listing",
    401: "the request carries no IAM identity",
    403: "IAM or the caller's role does not allow it",
    404: "there is no such thing",
    406: "the result cannot be had in a form that `Accept` names",
    409: "it contradicts what is there, or what somebody else is doing",
    413: "the body is larger than 6 MiB",
    416: "the stream ends before the range begins",
    422: "a field, parameter or header is missing, unknown or wrong",
    429: "too many requests at a time",
    500: "a fault of the gateway",
    502: "an engine refused, or a result has a value that the form cannot have",
    503: "something is busy or out of reach; `Retry-After` says when to come back",
}
_VARIABLE = re.compile(r"<(\w+)>")


@dataclass(frozen=True)
class Operation:
    """One route: where it is, what the code says of it, and its contract."""

    method: str
    path: str
    name: str
    docstring: str
    role: str | None
    contract: Contract


def operations() -> list[Operation]:
    """Return all routes of the API, by path.

    Raises:
        LookupError: a route has no contract, or a contract no route.
    """
    found = [operation for app in (submit, query) for operation in _operations_of(app)]
    unused = set(CONTRACTS) - {operation.name for operation in found}
    if unused:
        raise LookupError(f"contracts without a route: {', '.join(sorted(unused))}")
    return sorted(found, key=lambda operation: (operation.path, operation.method))


def build_document() -> dict[str, Any]:
    """Return the API's contract as OpenAPI 3.1."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations():
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Heimdall",
            "version": project["version"],
            "description": DESCRIPTION,
        },
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "sigv4": {
                    "type": "apiKey",
                    "name": "Authorization",
                    "in": "header",
                    "description": "AWS Signature Version 4 for the service execute-api",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                }
            },
        },
        "security": [{"sigv4": []}],
    }


def _operations_of(app: APIGatewayHttpResolver) -> Iterator[Operation]:
    for route in (*app._static_routes, *app._dynamic_routes):  # noqa: SLF001 - Powertools tells them nowhere else
        name = route.func.__name__
        if name not in CONTRACTS:
            raise LookupError(f"the route {route.method} {route.path} ({name}) has no contract")
        yield Operation(
            method=route.method,
            path=_VARIABLE.sub(r"{\1}", route.path),
            name=name,
            docstring=(route.func.__doc__ or "").strip(),
            role=route.func.role,  # type: ignore[attr-defined]  # every router is guarded
            contract=CONTRACTS[name],
        )


def _operation(operation: Operation) -> dict[str, Any]:
    contract = operation.contract
    summary, _, rest = operation.docstring.partition("\n")
    role = f"Takes the role {operation.role}." if operation.role else "Takes no role."
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": summary.rstrip("."),
        "description": "\n\n".join(filter(None, [_unindented(rest), role])),
        "tags": [contract.tag],
    }
    parameters = [*_path_parameters(operation.path), *map(_parameter, contract.parameters)]
    if parameters:
        described["parameters"] = parameters
    if contract.request:
        schema = reference(contract.request)
        described["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    described["responses"] = {
        str(status): _response(response) for status, response in _responses(operation)
    }
    return described


def _responses(operation: Operation) -> list[tuple[int, Response]]:
    contract = operation.contract
    statuses = {*EVERY_ROUTE, *contract.refusals}
    if "{" in operation.path:
        statuses.add(404)
    if contract.request:
        statuses |= {413, 422}
    if contract.parameters:
        statuses.add(422)
    if any(parameter.name == "cursor" for parameter in contract.parameters):
        statuses.add(400)
    refused = {status: _refusal(status) for status in statuses - set(contract.responses)}
    return sorted({**refused, **contract.responses}.items())


def _refusal(status: int) -> Response:
    by_api = status in (403, 404, 413, 429, 500, 503)
    shape = {"anyOf": [reference(Error), reference(GatewayRefusal)]} if by_api else Error
    headers = {"Retry-After": "seconds to wait"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return Response(description=REFUSALS[status], content={JSON: shape}, headers=headers)


def _response(response: Response) -> dict[str, Any]:
    shown: dict[str, Any] = {"description": response.description}
    if response.headers:
        shown["headers"] = {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in response.headers.items()
        }
    if response.content:
        shown["content"] = {
            media: {} if shape is None else {"schema": _schema_of(shape)}
            for media, shape in response.content.items()
        }
    return shown


def _schema_of(shape: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a model or a schema
    return shape if isinstance(shape, Mapping) else reference(shape)


def _path_parameters(path: str) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", path):
        schema: dict[str, Any] = {"type": "string", "minLength": 1}
        if name == "job_id":
            schema = {"type": "string", "format": "uuid"}
        elif name == "number":
            schema = {"type": "integer", "minimum": 1}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "description": parameter.description,
        "schema": dict(parameter.schema),
    }


def _schemas() -> dict[str, Any]:
    answered: set[type[BaseModel]] = {Error, GatewayRefusal, *_models_answered()}
    taken = {each.contract.request for each in operations() if each.contract.request}
    modes: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [
        *((model, "serialization") for model in sorted(answered, key=_name)),
        *((model, "validation") for model in sorted(taken, key=_name)),
    ]
    _, schemas = models_json_schema(modes, ref_template=REFERENCE)
    return dict(sorted(_cleaned(schemas["$defs"]).items()))


def _models_answered() -> Iterator[type[BaseModel]]:
    for operation in operations():
        for response in operation.contract.responses.values():
            for shape in response.content.values():
                if isinstance(shape, type):
                    yield shape
    yield Explanation


def _name(model: type[BaseModel]) -> str:
    return model.__name__


def _cleaned(schema: Any) -> Any:  # noqa: ANN401 - JSON Schema
    """Drop pydantic's titles, and the defaults of fields that are absent where they are empty."""
    if isinstance(schema, list):
        return [_cleaned(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    is_titled = isinstance(schema.get("title"), str) and ({"type", "$ref", "anyOf"} & set(schema))
    return {
        name: _cleaned(value)
        for name, value in schema.items()
        if not (name == "title" and is_titled) and not (name == "default" and value is None)
    }


def _unindented(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines()]
    return "\n".join(lines).split("\n\nRaises:")[0].split("\n\nArgs:")[0]

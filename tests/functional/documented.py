"""Holds every answer of the functions against the API's document, with no field that it lacks."""

import base64
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema_rs

from functions.query.gateway_routes import DOCUMENT

Json = dict[str, Any]


def check_answer(method: str, path: str, answer: Json) -> None:
    """Make sure that an answer of a function is one that the document tells of."""
    template = template_of(path, method)
    if template is None:
        assert answer["statusCode"] == 404, f"{method} {path} is no route, and yet answered"
        return
    described = document()["paths"][template][method.lower()]["responses"]
    status = str(answer["statusCode"])
    assert status in described, f"{method} {template} does not document the status {status}"
    content = described[status].get("content", {})
    if answer.get("body"):
        media = answer["headers"]["Content-Type"]
        assert media in content, f"{method} {template} {status} does not document {media}"
        if "schema" in content[media]:
            is_base64 = answer.get("isBase64Encoded", False)
            body = base64.b64decode(answer["body"]) if is_base64 else answer["body"]
            found = json.loads(body)
            for error in _validator(json.dumps(content[media]["schema"])).iter_errors(found):
                raise AssertionError(f"{method} {template} {status}: {error}")


@cache
def document() -> Json:
    """The committed document."""
    whole: Json = json.loads(DOCUMENT.read_text())
    return whole


def template_of(path: str, method: str) -> str | None:
    """The document's path that a request is for; one without variables counts more."""
    for template in sorted(document()["paths"], key=lambda each: (each.count("{"), each)):
        if method.lower() in document()["paths"][template] and _pattern(template).fullmatch(path):
            return str(template)
    return None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(
        re.sub(r"\{\w+\}", "[^/]+", re.escape(template).replace(r"\{", "{").replace(r"\}", "}"))
    )


@cache
def _validator(schema: str) -> jsonschema_rs.Draft202012Validator:
    components = {"components": {"schemas": dict(_closed(document()["components"]["schemas"]))}}
    return jsonschema_rs.Draft202012Validator({**components, **json.loads(schema)})


def _closed(schemas: Json) -> Iterator[tuple[str, Json]]:
    """The schemas, none of which takes a field that it does not list."""
    for name, schema in schemas.items():
        is_open = "properties" in schema and "additionalProperties" not in schema
        yield name, {**schema, "additionalProperties": False} if is_open else schema

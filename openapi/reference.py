"""Writes the reference page of the document: what people read instead of JSON."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]

HEADER = """\
# API

Generated from the code by `make openapi`. The same as OpenAPI 3.1 is
[openapi.json](../../openapi.json), which the API serves at `/api/v1/openapi.json`.

See also [who may do what](access.md), [errors](errors.md), [the catalog](catalog.md),
[dry runs](dry-runs.md), [streams and results](streams-and-results.md), [attributes](attributes.md),
[secrets](secrets.md), [health](health.md), [the life of a job](../concepts/jobs.md) and
[how to call the API](../guides/api-clients.md).
"""
TITLES = {
    "jobs": "Jobs",
    "catalog": "Commands, clusters, bindings and policies",
    "health": "Health",
    "deliveries": "Deliveries that failed",
    "audit": "The audit trail",
    "gateway": "The gateway itself",
}
SHOWN_REFUSALS = ("400", "404", "406", "409", "413", "416", "422")
"""The others may come from any route."""


def build_page(document: Json) -> str:
    """Return the page as Markdown."""
    parts = [HEADER, document["info"]["description"], _overview(document)]
    for tag, title in TITLES.items():
        found = [each for each in _operations(document) if each[2]["tags"] == [tag]]
        if found:
            parts.append(f"## {title}")
            parts += [_operation(*each) for each in found]
    parts.append("## Shapes")
    parts += [_shape(name, schema) for name, schema in document["components"]["schemas"].items()]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _overview(document: Json) -> str:
    rows = [
        (f"[`{method} {path}`](#{_anchor(operation)})", operation["summary"])
        for method, path, operation in _operations(document)
    ]
    return _table(("method and path", "what it does"), rows)


def _operation(method: str, path: str, operation: Json) -> str:
    parts = [f"### {operation['summary']}", f"`{method} {path}`", operation["description"]]
    asked = [each for each in operation.get("parameters", []) if each["in"] != "path"]
    if asked:
        heading = ("parameter", "type", "what it says")
        parts.append(_table(heading, [_parameter(each) for each in asked]))
    body = operation.get("requestBody")
    if body:
        parts.append(f"Takes a {_link(body['content']['application/json']['schema'])}.")
    heading = ("status", "answer", "when")
    parts.append(_table(heading, list(_answers(operation["responses"]))))
    return "\n\n".join(part for part in parts if part)


def _answers(responses: Json) -> Iterator[Sequence[str]]:
    for status, response in responses.items():
        if status < "400":
            content = response.get("content", {})
            shapes = [
                _link(each["schema"]) if each.get("schema") else f"`{media}`"
                for media, each in content.items()
            ]
            named = [f"`{name}`: {each['description']}" for name, each in _headers(response)]
            what = "; ".join([response["description"], *named])
            yield status, ", ".join(dict.fromkeys(shapes)), what
        elif status in SHOWN_REFUSALS:
            yield status, "[error](errors.md)", response["description"]


def _headers(response: Json) -> Iterator[tuple[str, Json]]:
    yield from response.get("headers", {}).items()


def _parameter(parameter: Json) -> Sequence[str]:
    name = f"`{parameter['name']}`" + (" (header)" if parameter["in"] == "header" else "")
    return name, _type(parameter["schema"]), parameter["description"]


def _shape(name: str, schema: Json) -> str:
    parts = [f"### {name}", _first_line(schema.get("description", ""))]
    required = schema.get("required", [])
    rows = [
        (f"`{field}`", _type(each), "always" if field in required else "", _told(each))
        for field, each in schema.get("properties", {}).items()
    ]
    if rows:
        parts.append(_table(("field", "type", "there", "what it says"), rows))
    elif "enum" in schema:
        parts.append(", ".join(f"`{value}`" for value in schema["enum"]))
    return "\n\n".join(part for part in parts if part)


def _type(schema: Json) -> str:
    if "$ref" in schema:
        return _link(schema)
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum") or [schema["const"]])
    items = schema.get("items") or schema.get("additionalProperties")
    if isinstance(items, dict):
        return f"{schema['type']} of {_type(items)}"
    limits = [
        f"{word} {schema[name]:,}" for name, word in _LIMITS.items() if schema.get(name) is not None
    ]
    kind = str(schema.get("type", "any"))
    return f"{kind} ({', '.join(limits)})" if limits else kind


_LIMITS = {
    "minLength": "at least",
    "maxLength": "at most",
    "minimum": "from",
    "maximum": "to",
    "minItems": "at least",
    "maxItems": "at most",
}


def _told(schema: Json) -> str:
    return _first_line(schema.get("description", ""))


def _first_line(text: str) -> str:
    return text.split("\n\n", maxsplit=1)[0].replace("\n", " ")


def _link(schema: Json) -> str:
    reference = schema.get("$ref")
    if not reference:
        return _type(schema)
    name = reference.rpartition("/")[2]
    return f"[{name}](#{name.lower()})"


def _anchor(operation: Json) -> str:
    """The anchor that Markdown gives to a heading."""
    kept = [char for char in operation["summary"].lower() if char.isalnum() or char in " -_"]
    return "".join(kept).replace(" ", "-")


def _table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines
    )

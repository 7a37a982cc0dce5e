"""The committed document is what the code says, and what OpenAPI 3.1 allows."""

import json

import jsonschema_rs
import pytest

from openapi.__main__ import DOCUMENT, PAGE
from openapi.document import ROOT, build_document, operations
from openapi.reference import build_page

METHODS = {"get", "post", "put"}


@pytest.fixture(scope="module")
def document():
    return build_document()


def test_committed_document_is_what_the_code_says(document):
    assert json.loads(DOCUMENT.read_text()) == document, "run `make openapi`"


def test_reference_page_is_what_the_document_says(document):
    assert PAGE.read_text() == build_page(document), "run `make openapi`"


def test_document_at_the_top_is_the_one_that_is_served():
    assert (ROOT / "openapi.json").resolve() == DOCUMENT


def test_every_shape_is_a_json_schema(document):
    for name, schema in document["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid(schema), name


def test_every_reference_leads_somewhere(document):
    shapes = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    assert set(references(document)) == shapes


def references(part):
    if isinstance(part, dict):
        if "$ref" in part:
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from references(each)


def test_every_operation_has_a_name_of_its_own_and_a_summary(document):
    found = [each for path in document["paths"].values() for each in path.values()]

    assert len({each["operationId"] for each in found}) == len(found) == len(operations())
    assert len({each["summary"] for each in found}) == len(found)


def test_every_operation_tells_its_refusals(document):
    for path, methods in document["paths"].items():
        assert set(methods) <= METHODS
        for operation in methods.values():
            assert {"401", "403", "429", "500", "503"} <= set(operation["responses"])
            assert "{" not in path or "404" in operation["responses"]

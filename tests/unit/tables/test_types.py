import pyarrow as pa
import pytest

from heimdall.tables.types import TYPE_KEY, arrow_field, column_type
from tests.unit.tables.samples import SAMPLES


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.field.name)
def test_type_has_its_name(sample):
    assert column_type(sample.field) == sample.type


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.field.name)
def test_name_is_read_back(sample):
    field = arrow_field("x", sample.type)

    assert column_type(field) == sample.type
    if sample.field.name != "small":  # int has one width in Arrow
        assert field.type == sample.field.type


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("bigint", pa.int64()),
        ("double", pa.float64()),
        ("varchar", pa.string()),
        ("decimal(77,0)", pa.string()),
        ("decimal(5)", pa.string()),
        ("array<int>", pa.string()),
        ("list<", pa.string()),
        ("super", pa.string()),
        ("", pa.string()),
        ("struct<a>", pa.string()),
    ],
)
def test_names_of_other_grammars_are_texts_that_keep_them(name, kind):
    field = arrow_field("x", name)

    assert field.type == kind
    if kind == pa.string() and name != "varchar":
        assert (field.metadata or {})[TYPE_KEY] == name.encode()

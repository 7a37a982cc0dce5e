"""The messages, against bytes that FlightSql.proto and Flight.proto prescribe."""

import pytest
from pyarrow import flight

from heimdall.plugins.starrocks import wire
from tests.engines.protobuf import message, pack, packed, written

ANY = b"type.googleapis.com/arrow.flight.protocol.sql."


def test_statement_query_is_the_bytes_that_the_protocol_prescribes():
    # Any: field 1 (0x0a) the type's URL, field 2 (0x12) the message: field 1 the query
    kind = ANY + b"CommandStatementQuery"

    assert wire.statement_query("SELECT 1") == (
        b"\x0a" + bytes([len(kind)]) + kind + b"\x12\x0a" + b"\x0a\x08SELECT 1"
    )


@pytest.mark.parametrize(
    ("made", "name", "value"),
    [
        (wire.statement_query("select 'ü'"), "CommandStatementQuery", "select 'ü'".encode()),
        (wire.prepared_query(b"\x00\xff"), "CommandPreparedStatementQuery", b"\x00\xff"),
        (wire.create_prepared("select ?"), "ActionCreatePreparedStatementRequest", b"select ?"),
        (wire.close_prepared(b"h"), "ActionClosePreparedStatementRequest", b"h"),
    ],
)
def test_command_is_one_field_in_an_any(made, name, value):
    assert packed(made) == (name, {1: value})


@pytest.mark.parametrize("size", [0, 1, 127, 128, 16_383, 16_384, 1_048_576])
def test_length_of_a_text_is_written_whatever_its_size(size):
    _, fields = packed(wire.statement_query("x" * size))

    assert fields == {1: b"x" * size}


def test_query_to_cancel_is_given_as_its_info():
    info = flight.FlightInfo(None, flight.FlightDescriptor.for_command(b"c"), [], -1, -1)

    sent = bytes(message(wire.cancel(info.serialize()))[1])

    assert flight.FlightInfo.deserialize(sent).descriptor == info.descriptor


@pytest.mark.parametrize(
    ("body", "is_canceled"),
    [(b"\x08\x01", True), (b"\x08\x02", True), (b"\x08\x03", False), (b"", False)],
)
def test_answer_to_a_cancel_is_read(body, is_canceled):
    assert wire.was_canceled(body) is is_canceled


def test_handle_of_a_prepared_statement_is_read_beside_other_fields():
    answer = written(1, b"handle") + written(2, b"schema") + b"\x18\x96\x01" + written(9, b"new")

    assert wire.prepared_handle(pack("ActionCreatePreparedStatementResult", answer)) == b"handle"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        pack("ActionCreatePreparedStatementResult", b""),
        pack("CommandStatementQuery", written(1, b"handle")),
        pack("ActionCreatePreparedStatementResult", written(1, b"handle"))[:-3],
        b"\x0b",
        b"\xff" * 12,
        b"\x0a\xff\xff\xff\xff\x0f",
    ],
)
def test_answer_that_is_none_is_refused(body):
    with pytest.raises(ValueError, match=r"no |message"):
        wire.prepared_handle(body)


@pytest.mark.parametrize(
    ("metadata", "handle"), [(b"", None), (written(1, b"new"), b"new"), (b"\x0a\x00", None)]
)
def test_new_handle_of_bound_values_is_read_if_there_is_one(metadata, handle):
    assert wire.bound_handle(metadata) == handle


def test_fields_of_fixed_size_are_passed_over():
    assert wire.bound_handle(b"\x11" + bytes(8) + b"\x1d" + bytes(4) + written(1, b"h")) == b"h"

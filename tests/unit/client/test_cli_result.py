import json
import sys

import pytest

from tests.unit.client.command_line import CommandLine
from tests.unit.client.scripted_api import URL, error, failing, reply
from tests.unit.client.terminals import Terminal

TABLE = {
    "columns": [{"name": "word", "type": "string"}, {"name": "n", "type": "int"}],
    "data": [["日本", 1], ["a\tb\x1b", None], [{"x": [True]}, 0.5]],
}


def test_result_is_a_table_in_which_nothing_steers_the_terminal(line):
    line.api.on("GET /job/1/result", reply(TABLE))

    assert line.run("result", "1").lines == [
        "word           n",
        "日本           1",
        r"a\tb\x1b",
        '{"x": [true]}  0.5',
    ]


def test_result_as_json_is_what_the_api_gave(line):
    line.api.on("GET /job/1/result", reply(TABLE))

    assert json.loads(line.run("result", "1", "--format", "json").out) == TABLE
    assert json.loads(line.run("result", "1", "--json").out) == TABLE


def test_result_without_rows_has_its_headings(line):
    line.api.on("GET /job/1/result", reply(TABLE | {"data": []}))

    assert line.run("result", "1").lines == ["word  n"]


def test_result_without_columns_is_empty(line):
    line.api.on("GET /job/1/result", reply({"columns": [], "data": []}))

    assert line.run("result", "1").out == "\n"


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_result_goes_into_a_pipe_byte_for_byte(capsysbinary, monkeypatch, form):
    monkeypatch.setenv("HEIMDALL_URL", URL)
    line = CommandLine(capsysbinary)
    line.api.on("GET /job/1/result", reply(content=b"PAR1\x00\xff\r\n"))

    assert line.run("result", "1", "--format", form).out == b"PAR1\x00\xff\r\n"


def test_csv_on_a_terminal_steers_nothing(line, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    line.api.on("GET /job/1/result", reply(content="n\r\ncafé \x1b[2J\n".encode()))

    line.run("result", "1", "--format", "csv")

    assert terminal.getvalue() == "n\ncafé \\x1b[2J\n"


def test_binary_is_never_printed_on_a_terminal(line, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)

    outcome = line.run("result", "1", "--format", "parquet")

    assert outcome.code == 2
    assert "--output FILE" in " ".join(outcome.err.replace("│", " ").split())
    assert (terminal.getvalue(), line.api.requests) == ("", [])


@pytest.mark.parametrize(
    ("options", "name", "media_type"),
    [
        ([], "table.csv", "text/csv"),
        ([], "table.PARQUET", "application/vnd.apache.parquet"),
        ([], "table.json", "application/json"),
        (["--format", "csv"], "table.txt", "text/csv"),
        (["--json"], "table", "application/json"),
    ],
)
def test_result_is_written_to_a_file(line, tmp_path, options, name, media_type):
    line.api.on("GET /job/1/result", reply(content=b"x\xff\n"))

    outcome = line.run("result", "1", "--output", str(tmp_path / name), *options)

    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == f"3 bytes written to {tmp_path / name}\n"
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {name: b"x\xff\n"}
    assert line.api.requests[0].headers["accept"] == media_type


@pytest.mark.parametrize("trouble", [error(404, "result_not_found"), failing(KeyboardInterrupt())])
def test_file_is_written_whole_or_left_as_it_was(line, tmp_path, trouble):
    line.api.on("GET /job/1/result", trouble)
    (tmp_path / "table.csv").write_text("before")

    assert line.run("result", "1", "-o", str(tmp_path / "table.csv")).code in {1, 130}
    assert [file.read_text() for file in tmp_path.iterdir()] == ["before"]


@pytest.mark.parametrize(
    "options",
    [
        ["--output", "table.txt"],
        ["--output", "table.csv", "--format", "table"],
        ["--json", "--format", "csv"],
        ["--output", "/no/such/folder/table.csv"],
    ],
)
def test_form_that_cannot_be_is_wrong_usage(line, options):
    line.api.on("GET /job/1/result", reply(content=b"x"))

    assert line.run("result", "1", *options).code == 2


def test_what_is_no_file_is_written_to_and_not_replaced(line, tmp_path):
    device = tmp_path / "null.csv"
    device.symlink_to("/dev/null")
    line.api.on("GET /job/1/result", reply(content=b"x"))

    assert line.run("result", "1", "-o", str(device)).code == 0
    assert device.is_char_device()

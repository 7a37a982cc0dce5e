"""Which templates are taken, and what they say."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from heimdall.domain.templates import (
    MAX_SOURCE_CHARACTERS,
    TemplateError,
    check_template,
    render,
)

VARIABLES = {"job": frozenset({"id", "name", "tags", "context", "run"}), "outputs": None}
VALUES = {
    "job": {
        "id": "1",
        "name": "Ada's <job>",
        "tags": ["a", "b"],
        "context": {"n": 3, "is": True, "x-y": "z", "nothing": None, "f": 1.5},
    },
    "outputs": {"url": "https://spark/1"},
}
PIECES = [
    *["{{", "}}", "{%", "%}", "{#", "#}", "{", "}", "%", "#", "-", "+", " ", "\n", "'", '"', "\\"],
    *["if", "elif", "else", "endif", "for", "in", "set", "raw", "endraw", "macro", "include"],
    *["job", "outputs", "context", "name", ".", "[", "]", "(", ")", "|", "~", ":", ",", "*", "=="],
    *["first", "default", "replace", "length", "is", "not", "defined", "range", "9", "1e9", "é"],
]


def refusal(source: str) -> str:
    with pytest.raises(TemplateError) as raised:
        check_template(source, VARIABLES)
    return str(raised.value)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("", ""),
        ("plain } text % with # braces {", "plain } text % with # braces {"),
        ("{{ job.id }}", "1"),
        ("{{job.name}}!", "Ada's <job>!"),
        ("a {{- job.id -}} b", "a1b"),
        ("{{ job['id'] }}", "1"),
        ("{{ job.context['x-y'] }}", "z"),
        ("{{ job.context.n }} {{ job.context.f }} {{ job.context.is }}", "3 1.5 true"),
        ("{{ job.tags[0] }}{{ job.tags|last }}", "ab"),
        ("{{ job.tags|length + 1 }}", "3"),
        ("{{ job.name[0:3]|upper }}", "ADA"),
        ("{{ job.name|urlencode }}", "Ada%27s%20%3Cjob%3E"),
        ("{{ outputs.url ~ '/jobs' }}", "https://spark/1/jobs"),
        ("{{ outputs.cost|default('free') }}", "free"),
        ("{{ 'dear' if outputs.cost is defined else 'free' }}", "free"),
        ("{% if outputs.cost is not defined %}free{% endif %}", "free"),
        ("{% if job.id == '2' %}x{% elif 'a' in job.tags %}y{% else %}z{% endif %}", "y"),
        ("{{ 'a }} b' }}", "a }} b"),
        ("{{ ' .Job.ID' }}", " .Job.ID"),
        ("{{ (job.id) }}", "1"),
    ],
)
def test_template_says(source, text):
    check_template(source, VARIABLES)

    assert render(source, VALUES) == text


@pytest.mark.parametrize(
    "source",
    [
        "{{ outputs.cost }}",
        "a{{ outputs.url }}{{ outputs.cost.currency }}",
        "{{ job.run }}",
        "{{ job.tags }}",
        "{{ job.context }}",
        "{{ job.context.nothing }}",
        "{{ job.tags[7] }}",
        "{{ job.name - 1 }}",
        "{{ outputs.__class__ }}",
        "{{ outputs.keys }}",
        "{% if outputs.cost %}x{% endif %}",
    ],
)
def test_template_says_nothing_when_a_value_is_not_there(source):
    check_template(source, VARIABLES)

    assert render(source, VALUES) is None


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{% for x in job.tags %}{% endfor %}", "there is no statement 'for' here, only if,"),
        ("{% set x %}y{% endset %}", "there is no statement 'set' here"),
        ("{% macro f() %}{% endmacro %}", "there is no statement 'macro' here"),
        ("{% include 'x' %}", "there is no statement 'include' here"),
        ("{% raw %}{{ x }}{% endraw %}", "there is no statement 'raw' here"),
        ("{%%}", "there is no statement '' here"),
        ("{{ debug() }}", "there is no variable 'debug' here, only job, outputs"),
        ("{{ range(9) }}", "there is no variable 'range' here"),
        ("{{ jobs.id }}", "there is no variable 'jobs' here"),
        ("{{ job.nmae }}", "there is no member of job 'nmae' here, only context, id, name"),
        ("{{ job.name.upper() }}", "nothing can be called here"),
        ("{{ job('x') }}", "nothing can be called here"),
        ("{{ job.tags[0]('x') }}", "nothing can be called here"),
        ("{{ 'x'() }}", "nothing can be called here"),
        ("{{ job.id|default('x')('y') }}", "nothing can be called here"),
        ("{{ job.id is defined('y') }}", "nothing can be called here"),
        ("{{ 'x' * 1000000000 }}", "'*' is not taken within braces"),
        ("{{ '%9999999d' % 1 }}", "'%' is not taken within braces"),
        ("{{ {'a': 1} }}", "'{' is not taken within braces"),
        ("{{ é }}", "'é' is not taken within braces"),
        ("{{ job.name|replace('a', 'b') }}", "there is no filter 'replace' here, only default,"),
        ("{{ job.name|format(1) }}", "there is no filter 'format' here"),
        ("{{ job.name is sameas(1) }}", "there is no test 'sameas' here, only defined,"),
        ("{# note #}", "comments are not taken"),
        ("{{ job.id", "ends within braces"),
        ("{{", "ends within braces"),
        ("{{ 'job }}", '"\'" is not taken within braces'),
        ("{{ job.id %}", "%} closes what }} should"),
        ("{% if job.id }}", "}} closes what %} should"),
        ("{% if job.id %}", "is no template: unexpected end of input"),
        ("{{ job. }}", "is no template: unexpected end of"),
        ("{{ }}", "is no template: unexpected end of"),
        ("{{ " + "(" * 900 + " }}", "is no template: template exceeds maximum recursion"),
        ("x" * (MAX_SOURCE_CHARACTERS + 1), "has 2,001 characters; a template may have 2,000"),
    ],
)
def test_template_is_refused(source, reason):
    assert refusal(source).startswith(reason)


@pytest.mark.parametrize(
    ("source", "path", "written"),
    [
        ("{{ .Outputs.url }}", ".Outputs.url", "outputs.url"),
        ("https://{{.Cluster.ID}}/", ".Cluster.ID", "cluster.id"),
        ("{{ printf `%s` .Job.Name }}", ".Job.Name", "job.name"),
        ("{{ if .Outputs.url }}x{{ end }}", ".Outputs.url", "outputs.url"),
        ("{{- range .Job.Tags }}", ".Job.Tags", "job.tags"),
        ("{{ len (.Job.Name) }}", ".Job.Name", "job.name"),
    ],
)
def test_template_of_go_is_refused_and_translated(source, path, written):
    if "`" in source:
        assert refusal(source).startswith("'`' is not taken")
    else:
        assert refusal(source) == f"{path} is written {written} here: the templates are not Go's"


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
@example("{{ (job.context ~ job.context)|length }}")
@example("{{ 'é'|urlencode|urlencode|urlencode }}")
@example("{{ job.name[9:1:-1] }}")
def test_template_that_is_taken_grows_no_faster_than_what_it_reads(source):
    values = {"job": {"context": "x" * 1_000, "name": "é" * 1_000}, "outputs": {}}
    try:
        check_template(source, {"job": None, "outputs": None})
    except TemplateError:
        return

    text = render(source, values)

    names = source.count("context") + source.count("name")
    assert text is None or len(text) <= len(source) * (1 + source.count("urlencode")) + (
        names * 1_000 * 10
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), json_values))
@example({"n": 10**400, "s": "\ud83d"})
@example(json.loads('{"d":' * 300 + "1" + "}" * 300))
def test_rendering_survives_whatever_a_context_holds(context: Mapping[str, object]):
    source = "{{ job.context.n|default('') ~ job.context.s|default('') ~ job.context }}"

    assert isinstance(render(source, {"job": {"context": context}, "outputs": {}}), str | None)


@given(st.sampled_from(["n", "s"]), json_values)
def test_only_texts_numbers_and_booleans_are_printed(name, value):
    text = render(f"{{{{ job.{name} }}}}", {"job": {name: value}})

    assert (text is None) == (value is None or isinstance(value, list | dict))

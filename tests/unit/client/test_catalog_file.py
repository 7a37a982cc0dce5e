from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from heimdall_client import (
    CatalogFileError,
    CatalogStatus,
    CommandLimits,
    CommandRetries,
    PolicyRule,
)
from heimdall_client.catalog_file import CatalogFile, read_catalog_file

HEIMDALLS = """\
# as in Heimdall's own example
database:
  connection_string: "postgres://heimdall"
pool:
  size: 5
auth:
  plugin: ./plugins/auth_header.so

commands:
  - name: ping-0.0.1
    status: active
    plugin: ping
    version: 0.0.1
    store_result_sync: false
    description: Test ping command
    is_sync: yes
    tags:
      - type:ping
    cluster_tags:
      - type:localhost

clusters:
  - id: local
    name: localhost-0.0.1
    status: INACTIVE
    version: 0.0.1
    tags: [type:localhost, "data:local"]
    context:
      properties: {a: 1, since: 2024-01-01, ratio: 0.5, nothing: null}
"""


@pytest.fixture
def read(tmp_path):
    def read_text(text: str | bytes) -> CatalogFile:
        path = tmp_path / "catalog.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        try:
            return read_catalog_file(path)
        except CatalogFileError as error:
            raise CatalogFileError(str(error).replace(f"{tmp_path}/", "")) from error

    return read_text


def faults_of(read, text: str | bytes) -> list[str]:
    with pytest.raises(CatalogFileError) as caught:
        read(text)
    return str(caught.value).splitlines()


def test_file_as_in_heimdall_is_read(read):
    catalog = read(HEIMDALLS)

    assert {key: found.model_dump() for key, found in catalog.commands.items()} == {
        "ping-0.0.1": {
            "name": "ping-0.0.1",
            "version": "0.0.1",
            "description": "Test ping command",
            "status": CatalogStatus.ACTIVE,
            "plugin": "ping",
            "is_sync": True,
            "tags": ["type:ping"],
            "cluster_tags": ["type:localhost"],
            "context": {},
            "allowed_callers": [],
            "limits": dict.fromkeys(CommandLimits.model_fields),
            "retries": {
                "max_runs": 1,
                "failures": ["throttled", "no_capacity", "spot_lost", "engine_fault"],
                "backoff_seconds": 30,
                "max_backoff_seconds": 900,
                "elsewhere": False,
            },
        }
    }
    assert catalog.clusters["local"].status is CatalogStatus.INACTIVE
    assert catalog.clusters["local"].name == "localhost-0.0.1"
    assert catalog.clusters["local"].context == {
        "properties": {"a": 1, "since": "2024-01-01", "ratio": 0.5, "nothing": None}
    }


def test_what_has_no_effect_is_noted_with_its_line(read):
    notes = [note.partition("catalog.yaml:")[2] for note in read(HEIMDALLS).notes]

    assert notes == [
        "2: database: is about Heimdall's own server and has no effect here",
        "4: pool: is about Heimdall's own server and has no effect here",
        "6: auth: is about Heimdall's own server and has no effect here",
        "14: commands[0].store_result_sync: has no effect: results are always kept",
    ]


@pytest.mark.parametrize("text", ["commands:\n", "clusters: []\n", "commands: []\nclusters:\n"])
def test_file_may_list_nothing(read, text):
    catalog = read(text)

    assert (catalog.commands, catalog.clusters) == ({}, {})


def test_what_is_left_empty_counts_as_left_out(read):
    catalog = read("clusters:\n  - name: a\n    tags:\n    context:\n    status:\n")

    assert catalog.clusters["a"].tags == []
    assert catalog.clusters["a"].status is None


def test_only_kinds_with_a_list_are_listed(read):
    catalog = read("commands:\nclusters: []\nbindings: [{id: a, role: admin, principals: ['*']}]\n")

    assert catalog.kinds == {"cluster", "binding"}


def test_bindings_are_read_and_named_like_their_ids_by_default(read):
    catalog = read(
        "bindings:\n"
        "- {id: ops, role: operator, principals: ['arn:aws:iam::1:role/ops-*'], teams: [data]}\n"
        "- {name: everybody, role: viewer, principals: ['*'], status: inactive}\n"
    )

    assert {key: binding.name for key, binding in catalog.bindings.items()} == {
        "ops": "ops",
        "everybody": "everybody",
    }
    assert catalog.bindings["ops"].teams == ["data"]
    assert catalog.bindings["everybody"].status is CatalogStatus.INACTIVE


def test_policies_are_read_with_all_that_they_do_not_say(read):
    catalog = read(
        "policies:\n"
        "- id: readers\n"
        "  name: Readers\n"
        "  cluster_tags: ['type:trino']\n"
        "  rules:\n"
        "  - {effect: allow, actions: [select], schemas: ['sales*'], principals: ['team:sales']}\n"
        "  - effect: deny\n"
        "- name: ranger\n"
        "  cluster_tags: ['type:trino']\n"
        "  ranger:\n"
        "    service_name: warehouse\n"
        "    client: {endpoint: 'https://a', username: b, password: 'ssm:/heimdall/c'}\n"
        "    parser: {type: trino, default_catalog: hive}\n"
    )

    assert (list(catalog.policies), catalog.kinds) == (["readers", "ranger"], {"policy"})
    readers, ranger = catalog.policies.values()
    assert readers.rules == [
        PolicyRule(
            effect="allow", actions=["select"], schemas=["sales*"], principals=["team:sales"]
        ),
        PolicyRule(effect="deny"),
    ]
    assert (readers.rules[1].actions, readers.rules[1].except_principals) == (["*"], [])
    assert readers.ranger is None
    assert ranger.ranger.sync_interval_in_minutes == 5
    assert ranger.ranger.client.password == "ssm:/heimdall/c"


def test_attributes_and_callers_are_read(read):
    catalog = read(
        "commands: [{name: a, plugin: p, allowed_callers: [ada]}]\n"
        "clusters: [{name: a, health_check: on, attributes: {ui: {kind: link, value: x}}}]\n"
    )

    assert catalog.commands["a"].allowed_callers == ["ada"]
    assert catalog.clusters["a"].health_check is True
    assert catalog.clusters["a"].attributes["ui"].kind == "link"


def test_limits_and_retries_are_read(read):
    catalog = read(
        "commands:\n"
        "- name: a\n"
        "  plugin: p\n"
        "  limits: {max_run_seconds: 60}\n"
        "  retries: {max_runs: 3, failures: [spot_lost], elsewhere: true}\n"
    )

    command = catalog.commands["a"]
    assert command.limits == CommandLimits(max_run_seconds=60)
    assert command.retries == CommandRetries(max_runs=3, failures=["spot_lost"], elsewhere=True)


def test_parts_may_be_shared_by_anchors(read):
    catalog = read(
        "commands:\n"
        "  - &first {name: a, plugin: shell, tags: &tags [x, y]}\n"
        "  - {<<: *first, name: b, cluster_tags: *tags}\n"
    )

    assert catalog.commands["b"].plugin == "shell"
    assert catalog.commands["b"].cluster_tags == ["x", "y"]


def test_same_id_for_a_command_and_a_cluster_is_fine(read):
    catalog = read("commands: [{name: a, plugin: p}]\nclusters: [{name: a}]\n")

    assert list(catalog.commands) == list(catalog.clusters) == ["a"]


COMMAND = "commands:\n- name: a\n  plugin: p\n"
POLICY = "policies:\n- name: a\n  cluster_tags: [b]\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "",
            "1: the file: at the top level there must be `commands:`, `clusters:`, `bindings:` or",
        ),
        (
            "- a\n",
            "1: the file: at the top level there must be `commands:`, `clusters:`, `bindings:` or",
        ),
        ("commands: x\n", "1: commands: must be a list"),
        ("commands: {a: b}\n", "1: commands: must be a list"),
        ("clusters:\n- a\n", "2: clusters[0]: must be a mapping, such as `name: ...`"),
        ("clusters:\n- \n", "2: clusters[0]: must be a mapping, such as `name: ...`"),
        ("commands:\n- plugin: p\n", "2: commands[0].name: is missing"),
        ("commands:\n- name: a\n", "2: commands[0].plugin: is missing"),
        ("clusters:\n- name: ''\n", "2: clusters[0].name: must not be empty"),
        ("clusters:\n- name: ..\n", "2: clusters[0]: '..' cannot be an id"),
        ("clusters:\n- name: 7\n", "2: clusters[0].name: must be text: put 7 in quotes"),
        (f"{COMMAND}  version: 1.0\n", "4: commands[0].version: must be text: put 1.0 in quotes"),
        (f"{COMMAND}  version: [1]\n", "4: commands[0].version: must be text"),
        (f"{COMMAND}  is_sync: 'yes'\n", "4: commands[0].is_sync: must be true or false"),
        (f"{COMMAND}  tags: a\n", "4: commands[0].tags: must be a list"),
        (f"{COMMAND}  tags:\n  - a\n  - on\n", "6: commands[0].tags[1]: must be text: put True in"),
        (f"{COMMAND}  context: [1]\n", "4: commands[0].context: must be a mapping"),
        (
            f"{COMMAND}  context: {{a: .nan}}\n",
            "4: commands[0].context: must be what JSON can hold",
        ),
        (f"{COMMAND}  context: {{a: !!set {{b}}}}\n", "4: commands[0].context: must be what JSON"),
        (f"{COMMAND}  context: &c {{a: *c}}\n", "4: commands[0].context: must be what JSON can"),
        (f"{COMMAND}  status: gone\n", "4: commands[0].status: must be one of ACTIVE, INACTIVE,"),
        (f"{COMMAND}  status: 1\n", "4: commands[0].status: must be one of ACTIVE, INACTIVE, DEL"),
        (f"{COMMAND}  tag: [a]\n", "4: commands[0].tag: is no key that is known here; did you m"),
        (f"{COMMAND}  allowed_callers: a\n", "4: commands[0].allowed_callers: must be a list"),
        (f"{COMMAND}  limits: 7\n", "4: commands[0].limits: must be a mapping"),
        (f"{COMMAND}  limits: {{run_seconds: 1m}}\n", "4: commands[0].limits.run_seconds: must be"),
        (f"{COMMAND}  limits: {{seconds: 1}}\n", "4: commands[0].limits.seconds: is no key that"),
        (f"{COMMAND}  retries: {{failures: a}}\n", "4: commands[0].retries.failures: must be a l"),
        (f"{COMMAND}  7: a\n", "4: commands[0].7: is no key that is known here"),
        ("clusters:\n- name: a\n  plugin: p\n", "3: clusters[0].plugin: is no key that is known"),
        ("bindings:\n- {name: a, role: admin}\n", "2: bindings[0].principals: is missing"),
        ("bindings:\n- {id: 7, role: a, principals: [b]}\n", "2: bindings[0].name: must be text"),
        ("bindings:\n- {role: admin, principals: [b]}\n", "2: bindings[0].name: is missing"),
        ("policies:\n- name: a\n", "2: policies[0].cluster_tags: is missing"),
        ("policies:\n- {name: a, cluster_tags: []}\n", "2: policies[0].cluster_tags: must not be"),
        (f"{POLICY}  context: {{}}\n", "4: policies[0].context: is no key that is known here"),
        (f"{POLICY}  rules: {{}}\n", "4: policies[0].rules: must be a list"),
        (f"{POLICY}  rules:\n  - deny\n", "5: policies[0].rules[0]: must be a mapping"),
        (f"{POLICY}  rules:\n  - tables: [a]\n", "5: policies[0].rules[0].effect: is missing"),
        (
            f"{POLICY}  rules:\n  - effect: deny\n    table: [a]\n",
            "6: policies[0].rules[0].table: is no key that is known here; did you mean `tables`?",
        ),
        (
            f"{POLICY}  rules:\n  - effect: deny\n    tables:\n    - a\n    - 1\n",
            "8: policies[0].rules[0].tables[1]: must be text: put 1 in quotes",
        ),
        (
            f"{POLICY}  rules:\n  - tables: [a]\n    effect: denied\n",
            "6: policies[0].rules[0].effect: Input should be 'allow' or 'deny'",
        ),
        (
            f"{POLICY}  ranger:\n    service_name: a\n    parser: {{type: trino}}\n",
            "4: policies[0].ranger.client: is missing",
        ),
        (
            f"{POLICY}  ranger:\n    service_name: a\n    client:\n      endpoint: https://a\n",
            "6: policies[0].ranger.client.username: is missing",
        ),
        ("clusters:\n- {name: a, attributes: {x: y}}\n", "2: clusters[0].attributes.x: "),
        ("comands: []\nclusters:\n", "1: comands: is no key that is known here; did you mean `com"),
        ("commands:\n7: a\n", "2: 7: is no key that is known here"),
        (f"{COMMAND}  name: b\n", "4: the key 'name' is given twice"),
        ("commands:\ncommands:\n", "2: the key 'commands' is given twice"),
        ("commands: [\n", "2: "),
        ("commands:\n\t- a\n", "2: found character"),
        ("commands: *x\n", "1: found undefined alias"),
        ("commands: !!python/name:os.system\n", "1: could not determine a constructor for the tag"),
        ("commands:\n---\ncommands:\n", "2: but found another document"),
        ("commands: {[a]: b}\n", "1: found unhashable key"),
        ("commands: \x07\n", "1: unacceptable character"),
        (b"commands: \xff\n", " not UTF-8 text"),
        ("commands: " + "[" * 5_000, "1: nested too deeply"),
        ("commands: 2024-99-99", "1: commands: must be a list"),
    ],
)
def test_fault_is_told_with_file_line_and_path(read, text, fault):
    assert faults_of(read, text)[0].startswith(f"catalog.yaml:{fault}")


def test_two_of_one_id_are_refused_with_both_lines(read):
    text = f"{COMMAND}- id: a\n  name: b\n  plugin: p\n"

    assert faults_of(read, text) == [
        "catalog.yaml:4: commands[1].id: 'a' is the id of another one, in line 2"
    ]


def test_all_faults_are_told_at_once(read):
    text = f"{COMMAND}  x: 1\n  tags: 1\n- plugin: 1\nclusters: 1\nother: 1\n"

    assert [fault.split(": ")[1] for fault in faults_of(read, text)] == [
        "other",
        "commands[0].tags",
        "commands[0].x",
        "commands[1].name",
        "commands[1].plugin",
        "clusters",
    ]


@pytest.mark.parametrize("path", ["missing.yaml", "."])
def test_file_that_cannot_be_opened_is_an_error_that_names_it(tmp_path, path):
    with pytest.raises(CatalogFileError, match=str(tmp_path)):
        read_catalog_file(tmp_path / path)


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
definitions = st.fixed_dictionaries(
    {"name": texts.filter(lambda name: name not in {".", ".."})},
    optional={
        "version": texts,
        "description": texts,
        "status": st.sampled_from(["active", "Inactive", "DELETED"]),
        "tags": st.lists(texts, max_size=3),
        "context": st.dictionaries(texts, json_values, max_size=3),
    },
)


@pytest.fixture(scope="module")
def written_file(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("catalog") / "catalog.yaml"


@given(st.lists(definitions, max_size=4, unique_by=lambda definition: definition["name"]))
def test_whatever_yaml_writes_is_read_as_it_was(written_file, clusters):
    text = yaml.safe_dump({"clusters": clusters}, allow_unicode=True)
    written_file.write_text(text, encoding="utf-8")

    found = read_catalog_file(written_file).clusters

    assert list(found) == [definition["name"] for definition in clusters]
    for definition, cluster in zip(clusters, found.values(), strict=True):
        upper = {"status": definition["status"].upper()} if "status" in definition else {}
        assert cluster.model_dump(mode="json", include=set(definition)) == definition | upper


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_is_read_or_refused_with_its_place(written_file, text):
    written_file.write_text(text, encoding="utf-8")

    try:
        read_catalog_file(written_file)
    except CatalogFileError as error:
        assert str(error).startswith(f"{written_file}:")  # noqa: PT017 - most texts are no catalog

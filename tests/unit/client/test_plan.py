import json
import threading

import httpx
import pytest

from heimdall_client import (
    ApplyError,
    Attribute,
    BindingDefinition,
    Client,
    ClusterDefinition,
    CommandDefinition,
    PolicyDefinition,
    PolicyRule,
    RouteNotFoundError,
    UnavailableError,
)
from heimdall_client._differences import Absent
from heimdall_client.catalog_file import CatalogFile
from heimdall_client.plan import apply_plan, make_plan
from tests.unit.client.scripted_api import URL, ScriptedApi, error, reply

PING = CommandDefinition(
    name="ping", version="1", plugin="ping", tags=["type:ping", "a"], cluster_tags=["b", "c"]
)
LOCAL = ClusterDefinition(name="local", context={"deep": [{"is": True}]})
STORED_PING = {
    "id": "ping",
    "name": "ping",
    "version": "1",
    "user": "somebody",
    "status": "ACTIVE",
    "plugin": "ping",
    "is_sync": False,
    "tags": ["a", "type:ping", "_id:ping", "_name:ping", "_version:1"],
    "cluster_tags": ["c", "b"],
    "context": {},
    "created_at": 1,
}
STORED_LOCAL = {"id": "local", "name": "local", "status": "ACTIVE", "context": LOCAL.context}


def catalog(*, command: CommandDefinition = PING, cluster: ClusterDefinition = LOCAL):
    return CatalogFile({"ping": command}, {"local": cluster})


def stored(*, command: dict | None = None, cluster: dict | None = None) -> ScriptedApi:
    """An API that holds both, or what is given instead of them."""
    return (
        ScriptedApi()
        .on("GET /command/ping", reply(STORED_PING | (command or {})))
        .on("GET /cluster/local", reply(STORED_LOCAL | (cluster or {})))
        .on("PUT /command/ping", reply(STORED_PING))
        .on("PUT /cluster/local", reply(STORED_LOCAL))
    )


def plan_of(api: ScriptedApi, wanted: CatalogFile) -> list[tuple[str, str, tuple[str, ...]]]:
    with Client(URL, transport=api.transport) as client:
        return [(step.id, step.action, step.fields) for step in make_plan(client, wanted)]


def test_what_is_not_there_is_added_clusters_first():
    api = ScriptedApi()
    api.on("GET /command/ping", error(404, "command_not_found"))
    api.on("GET /cluster/local", error(404, "cluster_not_found"))

    assert plan_of(api, catalog()) == [("local", "add", ()), ("ping", "add", ())]


def test_what_is_there_is_left_alone_whatever_the_order_of_tags_and_the_systems_own():
    assert plan_of(stored(), catalog()) == [("local", "leave", ()), ("ping", "leave", ())]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"name": "pong"}, ("name",)),
        ({"version": "2", "description": "x"}, ("description", "version")),
        ({"tags": ["type:ping"]}, ("tags",)),
        ({"tags": ["type:ping", "a", "_id:ping"]}, ()),
        ({"allowed_callers": ["ada"]}, ("allowed_callers",)),
        ({"limits": {"run_seconds": 60}}, ("limits",)),
        ({"limits": {}, "retries": {"max_runs": 1, "elsewhere": False}}, ()),
        ({"retries": {"max_runs": 2}}, ("retries",)),
        ({"cluster_tags": ["b"]}, ("cluster_tags",)),
        ({"cluster_tags": ["b", "c", "_id:local"]}, ("cluster_tags",)),
        ({"plugin": "shell", "is_sync": True}, ("plugin", "is_sync")),
        ({"context": {"a": 1}}, ("context",)),
        ({"status": "INACTIVE"}, ("status",)),
        ({"status": "ACTIVE"}, ()),
    ],
)
def test_changed_fields_are_named(changes, fields):
    command = CommandDefinition(**(PING.model_dump() | changes))

    assert plan_of(stored(), catalog(command=command))[1] == (
        "ping",
        "change" if fields else "leave",
        fields,
    )


@pytest.mark.parametrize(
    ("context", "is_same"),
    [
        ({"deep": [{"is": True}]}, True),
        ({"deep": [{"is": 1}]}, False),
        ({"deep": [{"is": "true"}]}, False),
        ({"deep": [{"is": True}, 1]}, False),
    ],
)
def test_contexts_are_compared_as_json(context, is_same):
    action = plan_of(stored(cluster={"context": context}), catalog())[0][1]

    assert action == ("leave" if is_same else "change")


@pytest.mark.parametrize(
    ("present", "kept", "action"),
    [
        ("ACTIVE", "ACTIVE", "leave"),
        ("INACTIVE", "INACTIVE", "leave"),
        ("DELETED", "ACTIVE", "change"),
        ("HIBERNATING", "ACTIVE", "change"),
    ],
)
def test_file_without_a_status_undoes_no_deactivation(present, kept, action):
    api = stored(cluster={"status": present})

    with Client(URL, transport=api.transport) as client:
        step = make_plan(client, catalog())[0]

    assert (step.action, step.definition.status) == (action, kept)


def test_api_elsewhere_is_not_taken_for_an_empty_catalog():
    api = stored().on("GET /command/ping", error(404, "route_not_found"))

    with pytest.raises(ApplyError, match="command ping could not be read") as caught:
        plan_of(api, catalog())
    assert isinstance(caught.value.__cause__, RouteNotFoundError)


def test_only_what_differs_is_written_clusters_first():
    api = stored(command={"version": "0"}, cluster={"description": "old"})

    with Client(URL, transport=api.transport) as client:
        plan = make_plan(client, catalog())
        api.requests.clear()
        written = apply_plan(client, plan)

    assert written == 2
    assert api.calls == ["PUT /cluster/local", "PUT /command/ping"]
    assert api.bodies[1] == {
        **PING.model_dump(mode="json", exclude_defaults=True),
        "status": "ACTIVE",
    }


def test_nothing_is_written_if_nothing_differs():
    api = stored()

    with Client(URL, transport=api.transport) as client:
        plan = make_plan(client, catalog())
        api.requests.clear()
        assert apply_plan(client, plan) == 0

    assert api.requests == []


def test_failure_in_the_middle_says_what_was_and_what_was_not_applied():
    api = stored(command={"version": "0"}, cluster={"version": "0"})
    api.on("GET /command/later", error(404, "command_not_found"))
    api.on("PUT /command/ping", error(503, "store_throttled", "slow down"))
    wanted = CatalogFile({"ping": PING, "later": PING}, {"local": LOCAL})

    with Client(URL, transport=api.transport) as client, pytest.raises(ApplyError) as caught:
        apply_plan(client, make_plan(client, wanted))

    assert str(caught.value).splitlines() == [
        "the command ping could not be written",
        "applied: cluster local",
        "not applied: command ping, command later",
    ]
    assert str(caught.value.__cause__) == "slow down"
    assert "PUT /command/later" not in api.calls


def test_failure_at_the_first_says_that_nothing_was_applied():
    api = stored(cluster={"version": "0"}).on("PUT /cluster/local", error(503, ""))

    with (
        Client(URL, transport=api.transport) as client,
        pytest.raises(ApplyError, match="applied: nothing") as caught,
    ):
        apply_plan(client, make_plan(client, catalog()))
    assert isinstance(caught.value.__cause__, UnavailableError)


def test_large_catalog_is_read_by_several_at_once():
    meeting = threading.Barrier(4, timeout=10)

    def answer(request: httpx.Request) -> httpx.Response:
        meeting.wait()
        cluster_id = request.url.path.rsplit("/", 1)[1]
        return httpx.Response(200, content=json.dumps(STORED_LOCAL | {"id": cluster_id}))

    wanted = CatalogFile({}, {f"cluster-{number}": LOCAL for number in range(8)})
    with Client(URL, transport=httpx.MockTransport(answer)) as client:
        plan = make_plan(client, wanted)

    assert [step.id for step in plan] == list(wanted.clusters)
    assert {step.action for step in plan} == {"leave"}


def test_writes_expect_what_the_plan_has_seen():
    api = stored(command={"version": "0", "revision": 12})
    api.on("GET /cluster/local", error(404, "cluster_not_found"))

    with Client(URL, transport=api.transport) as client:
        apply_plan(client, make_plan(client, catalog()))

    cluster, command = api.requests[-2:]
    assert (cluster.headers["if-none-match"], "if-match" in cluster.headers) == ("*", False)
    assert (command.headers["if-match"], "if-none-match" in command.headers) == ('"12"', False)


def test_api_that_tells_no_revision_is_written_without_a_condition():
    api = stored(command={"version": "0"})

    with Client(URL, transport=api.transport) as client:
        apply_plan(client, make_plan(client, catalog()))

    assert not {"if-match", "if-none-match"} & set(api.requests[-1].headers)


ALL = "?status=ACTIVE%2CINACTIVE"
READERS = PolicyDefinition(
    name="readers",
    cluster_tags=["a", "b"],
    rules=[PolicyRule(effect="allow", tables=["t"]), PolicyRule(effect="deny")],
)
ANYTHING = {name: ["*"] for name in ("actions", "catalogs", "schemas", "principals")}
STORED_RULES = [
    {"effect": "allow", "tables": ["t"], "except_principals": [], **ANYTHING},
    {"effect": "deny", "tables": ["*"], "except_principals": [], **ANYTHING},
]
OPS = BindingDefinition(name="ops", role="operator", principals=["named:a", "named:b"])


def with_lists(api: ScriptedApi) -> ScriptedApi:
    api.on(
        f"GET /commands{ALL}",
        reply({"data": [STORED_PING], "has_more": True, "next_cursor": "c"}),
    )
    api.on(f"GET /commands{ALL}&cursor=c", reply({"data": [{"id": "old", "status": "ACTIVE"}]}))
    api.on(
        f"GET /clusters{ALL}", reply({"data": [STORED_LOCAL, {"id": "old", "status": "ACTIVE"}]})
    )
    api.on(f"GET /bindings{ALL}", reply({"data": [{"id": "old", "status": "ACTIVE"}]}))
    api.on("GET /binding/ops", error(404, "binding_not_found"))
    api.on(f"GET /policies{ALL}", reply({"data": [{"id": "old", "status": "ACTIVE"}]}))
    api.on("GET /policy/readers", error(404, "policy_not_found"))
    return api


def pruning(api: ScriptedApi, wanted: CatalogFile) -> list[tuple[str, str, str]]:
    with Client(URL, transport=api.transport) as client:
        plan = make_plan(client, wanted, prune=True)
    return [(step.action, step.kind, step.id) for step in plan]


def test_pruning_deletes_what_is_not_in_the_file_of_all_kinds_that_it_lists():
    wanted = CatalogFile(
        {"ping": PING},
        {"local": LOCAL},
        {"ops": OPS},
        {"readers": READERS},
        frozenset({"command", "cluster", "binding", "policy"}),
    )

    assert pruning(with_lists(stored()), wanted) == [
        ("add", "policy", "readers"),
        ("leave", "cluster", "local"),
        ("leave", "command", "ping"),
        ("add", "binding", "ops"),
        ("delete", "command", "old"),
        ("delete", "cluster", "old"),
        ("delete", "binding", "old"),
        ("delete", "policy", "old"),
    ]


def test_pruning_leaves_kinds_alone_that_the_file_does_not_list():
    wanted = CatalogFile({}, {"local": LOCAL}, kinds=frozenset({"cluster"}))

    assert pruning(with_lists(stored()), wanted) == [
        ("leave", "cluster", "local"),
        ("delete", "cluster", "old"),
    ]


def test_pruning_an_empty_list_deletes_all_of_the_kind():
    wanted = CatalogFile(kinds=frozenset({"command"}))

    assert [step[2] for step in pruning(with_lists(stored()), wanted)] == ["old", "ping"]


def test_list_that_is_refused_stops_the_plan():
    api = with_lists(stored()).on(f"GET /clusters{ALL}", error(403, "forbidden"))
    wanted = CatalogFile({}, {}, kinds=frozenset({"cluster"}))

    with pytest.raises(ApplyError, match="clusters could not be listed; nothing was changed"):
        pruning(api, wanted)


@pytest.mark.parametrize(
    ("present", "action"),
    [
        ({"principals": ["named:b", "named:a"], "role": "operator"}, "leave"),
        ({"principals": ["named:a"], "role": "operator"}, "change"),
        ({"principals": ["named:a", "named:b"], "role": "admin"}, "change"),
    ],
)
def test_bindings_are_compared(present, action):
    api = ScriptedApi().on(
        "GET /binding/ops", reply({"id": "ops", "name": "ops", "status": "ACTIVE"} | present)
    )

    assert plan_of(api, CatalogFile(bindings={"ops": OPS}))[0][1] == action


@pytest.mark.parametrize(
    ("present", "changes"),
    [
        ({"ui": {"kind": "link", "value": "x"}}, []),
        ({}, [("attributes.ui", Absent.NOTHING, {"kind": "link", "value": "x"})]),
        ({"ui": {"kind": "text", "value": "x"}}, [("attributes.ui.kind", "text", "link")]),
    ],
)
def test_attributes_are_compared_part_by_part(present, changes):
    attributes = {"ui": Attribute(kind="link", value="x")}
    wanted = ClusterDefinition(name="local", context=LOCAL.context, attributes=attributes)
    api = stored(cluster={"attributes": present})

    with Client(URL, transport=api.transport) as client:
        step = make_plan(client, catalog(cluster=wanted))[0]

    assert [(change.path, change.before, change.after) for change in step.changes] == changes


def policy_changes(**present) -> list[tuple[str, object, object]]:
    stored = {"id": "readers", "name": "readers", "status": "ACTIVE", "cluster_tags": ["b", "a"]}
    api = ScriptedApi().on("GET /policy/readers", reply(stored | {"rules": STORED_RULES} | present))
    with Client(URL, transport=api.transport) as client:
        (step,) = make_plan(client, CatalogFile(policies={"readers": READERS}))
    assert step.action == ("change" if step.changes else "leave")
    assert set(step.fields) <= set(PolicyDefinition.model_fields)
    return [(change.path, change.before, change.after) for change in step.changes]


def test_policy_that_is_as_the_file_says_is_left_alone():
    assert policy_changes(tags=["_id:readers", "_name:readers", "_version:"]) == []


def test_changes_of_rules_are_told_rule_by_rule():
    one, other = STORED_RULES
    more = one | {"effect": "deny"}

    assert policy_changes(rules=[one | {"tables": ["t", "u"]}, other, more]) == [
        ("rules[0].tables", ["t", "u"], ["t"]),
        ("rules[2]", more, Absent.NOTHING),
    ]
    assert [path for path, _, _ in policy_changes(rules=[])] == ["rules[0]", "rules[1]"]


def test_ranger_that_the_file_does_not_have_is_taken_away():
    ranger = {
        "service_name": "warehouse",
        "client": {"endpoint": "https://a", "username": "b", "password": "ssm:/heimdall/c"},
        "parser": {"type": "trino"},
    }

    ((path, before, after),) = policy_changes(ranger=ranger)

    assert (path, before["service_name"], after) == ("ranger", "warehouse", None)

"""What a statement does to the tables that it names outside of its queries."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlglot import exp

from heimdall.domain.policy import SqlAction
from heimdall.sql_policy.access import (
    SqlAccess,
    SqlRefusedError,
    of_file,
    of_setting,
    of_written_file,
)

Targets = Iterator[tuple[exp.Expression | None, tuple[SqlAction, ...]]]
"""Tables with what is done to them, instead of being read."""

_CREATED = frozenset({"TABLE", "VIEW", "SCHEMA", "DATABASE", "INDEX"})
_ALTERED = frozenset({"TABLE", "VIEW"})
_ENGINES = ("mergetree", "memory", "log", "tinylog", "stripelog", "null", "set")
_CHANGES = (
    exp.ColumnDef, exp.AlterColumn, exp.AlterRename, exp.RenameColumn, exp.AddConstraint,
    exp.Drop, exp.Delete, exp.SwapTable,
)  # fmt: skip
_OUTSIDE_PROPERTIES = ("location", "external_location", "path", "url", "connection")


def targets_of(statement: exp.Expression) -> Targets:
    """Yield the tables that a statement changes, with the actions.

    Raises:
        SqlRefusedError: it is of a form that is not understood.
    """
    read = _READERS.get(type(statement))
    if read is not None:
        yield from read(statement)


def extras_of(statement: exp.Expression) -> Iterator[SqlAccess]:
    """Yield what a statement touches that is no table of its: settings, files, rights."""
    for kinds, read in _EXTRAS:
        if isinstance(statement, kinds):
            yield from read(statement)
            return


def _of_insert(insert: exp.Insert) -> Targets:
    if isinstance(insert.parent, exp.When):
        return
    if insert.args.get("is_function") or isinstance(insert.this, exp.Directory):
        raise SqlRefusedError("it writes to something else than a table")
    actions = [SqlAction.INSERT]
    if insert.args.get("overwrite") or insert.args.get("where"):
        actions.append(SqlAction.DELETE)
    conflict = insert.args.get("conflict")
    if conflict is not None and (conflict.expressions or conflict.args.get("duplicate")):
        actions.append(SqlAction.UPDATE)
    yield insert.this, _with_reading(insert, actions)


def _of_update(update: exp.Update) -> Targets:
    _refuse_joins(update)
    yield update.args.get("this"), _with_reading(update, [SqlAction.UPDATE])


def _of_delete(delete: exp.Delete) -> Targets:
    _refuse_joins(delete)
    if delete.args.get("tables"):
        raise SqlRefusedError("it deletes from several tables at once")
    yield delete.args.get("this"), _with_reading(delete, [SqlAction.DELETE])


def _of_merge(merge: exp.Merge) -> Targets:
    actions = {SqlAction.SELECT: None}  # which rows match tells of what is in them
    for when in merge.args["whens"].expressions:
        then = when.args.get("then")
        word = type(then).__name__ if not isinstance(then, exp.Var) else then.name
        if word.upper() == "DO NOTHING":
            continue
        try:
            actions[SqlAction(word.lower())] = None
        except ValueError:
            raise SqlRefusedError("it merges in a way that is not understood") from None
    yield merge.this, tuple(actions)


def _of_create(create: exp.Create) -> Targets:
    kind = create.args["kind"]
    if kind not in _CREATED:
        raise SqlRefusedError(f"CREATE {kind} cannot be checked")
    if kind == "INDEX":
        yield create.this.args.get("table"), (SqlAction.ALTER,)
        return
    if kind in ("SCHEMA", "DATABASE") and (
        create.args.get("expression") or create.args.get("clone")
    ):
        raise SqlRefusedError(f"CREATE {kind} with more than a name cannot be checked")
    replaces = (SqlAction.DROP,) if create.args.get("replace") else ()
    yield create.this, (SqlAction.CREATE, *replaces)
    properties = create.args.get("properties")
    for each in properties.expressions if properties else ():
        if isinstance(each, exp.ToTableProperty):
            yield each.this, (SqlAction.INSERT,)


def _of_drop(drop: exp.Drop) -> Targets:
    if isinstance(drop.parent, exp.Alter):
        return
    if drop.args.get("kind") not in (*_CREATED, "MATERIALIZED VIEW"):
        raise SqlRefusedError(f"DROP {drop.args.get('kind')} cannot be checked")
    if drop.args["kind"] == "INDEX":
        raise SqlRefusedError("DROP INDEX does not say of which table")
    yield drop.args.get("this"), (SqlAction.DROP,)
    for table in drop.args.get("tables") or drop.expressions:
        yield table, (SqlAction.DROP,)


def _of_alter(alter: exp.Alter) -> Targets:
    if alter.args.get("kind") not in _ALTERED:
        raise SqlRefusedError(f"ALTER {alter.args.get('kind')} cannot be checked")
    actions = [SqlAction.ALTER]
    for change in alter.args.get("actions") or ():
        if not isinstance(change, _CHANGES):
            raise SqlRefusedError("it alters in a way that is not understood")
        if isinstance(change, exp.Delete):
            actions.append(SqlAction.DELETE)
        if isinstance(change, exp.AlterRename | exp.SwapTable):
            yield change.this, (SqlAction.ALTER, SqlAction.CREATE)
    yield alter.this, tuple(dict.fromkeys(actions))


def _of_truncate(truncate: exp.TruncateTable) -> Targets:
    for table in truncate.expressions:
        yield table, (SqlAction.TRUNCATE,)


def _of_copy(copy: exp.Copy) -> Targets:
    target = copy.this
    if not isinstance(target, exp.Table | exp.Schema | exp.Subquery):
        raise SqlRefusedError("it copies something else than a table or a query")
    is_place = isinstance(target, exp.Table) and not isinstance(target.this, exp.Identifier)
    if copy.args["kind"] and isinstance(target, exp.Table | exp.Schema) and not is_place:
        yield target, (SqlAction.INSERT,)


def _altered(statement: exp.Expression) -> Targets:
    yield statement.this, (SqlAction.ALTER,)


def _of_analyze(analyze: exp.Analyze) -> Targets:
    if not analyze.args.get("tables"):
        raise SqlRefusedError("ANALYZE without a table cannot be checked")
    for table in analyze.args["tables"]:
        yield table, (SqlAction.ALTER,)


def _of_rights(statement: exp.Expression) -> Targets:
    yield statement.args.get("securable"), (SqlAction.ADMIN,)


def _of_into(into: exp.Into) -> Targets:
    yield into.this, (SqlAction.CREATE,)


def _of_setting(use: exp.Use) -> Targets:
    yield use.args.get("this"), ()


_READERS: Mapping[type, Callable[[Any], Targets]] = {
    exp.Insert: _of_insert,
    exp.Update: _of_update,
    exp.Delete: _of_delete,
    exp.Merge: _of_merge,
    exp.Create: _of_create,
    exp.Drop: _of_drop,
    exp.Alter: _of_alter,
    exp.TruncateTable: _of_truncate,
    exp.Copy: _of_copy,
    exp.Comment: _altered,
    exp.Refresh: _altered,
    exp.Analyze: _of_analyze,
    exp.Grant: _of_rights,
    exp.Revoke: _of_rights,
    exp.Into: _of_into,
    exp.Use: _of_setting,
}


def _with_reading(statement: exp.Expression, actions: list[SqlAction]) -> tuple[SqlAction, ...]:
    if statement.args.get("returning"):
        actions.append(SqlAction.SELECT)
    return tuple(actions)


def _refuse_joins(statement: exp.Expression) -> None:
    table = statement.args.get("this")
    if table is not None and table.args.get("joins"):
        raise SqlRefusedError("it changes joined tables, which cannot be checked")


def _setting_of(item: exp.Expression) -> str:
    assigned = item.args.get("this")
    name = assigned.this if isinstance(assigned, exp.EQ) else assigned
    if isinstance(name, exp.Column):
        return ".".join(part.name for part in name.parts).lower()
    return name.name.lower() if isinstance(name, exp.Expression) else "?"


def _files_of_copy(copy: exp.Copy) -> Iterator[SqlAccess]:
    place = copy.this
    if isinstance(place, exp.Table) and not isinstance(place.this, exp.Identifier):
        yield from of_written_file(place.this.name)
    for file in copy.args.get("files") or ():
        if isinstance(file, exp.Literal | exp.Identifier | exp.Var):
            path = file.name if isinstance(file, exp.Literal) else file.name.lower()
            yield from (of_file(path),) if copy.args["kind"] else of_written_file(path)


def _file_of_property(statement: exp.Property | exp.LocationProperty) -> Iterator[SqlAccess]:
    if isinstance(statement, exp.LocationProperty):
        yield from of_written_file(statement.name)
    elif statement.name.lower() in _OUTSIDE_PROPERTIES:
        yield from of_written_file(statement.text("value"))


def _check_engine(engine: exp.EngineProperty) -> Iterator[SqlAccess]:
    name = str(engine.this.name).lower()
    if not name.endswith(_ENGINES):
        raise SqlRefusedError("its table would be kept by an engine that reaches elsewhere")
    return iter(())


def _of_list(what: str) -> SqlAccess:
    return SqlAccess(SqlAction.SELECT, None, "information_schema", what.lower())


def _settings_of(statement: exp.Set) -> Iterator[SqlAccess]:
    return (of_setting(_setting_of(item)) for item in statement.expressions)


def _of_use(_: exp.Use) -> Iterator[SqlAccess]:
    yield of_setting("use")


def _of_grant(_: exp.Expression) -> Iterator[SqlAccess]:
    yield SqlAccess(SqlAction.ADMIN, None, None, None)


def _of_show(statement: exp.Expression) -> Iterator[SqlAccess]:
    if isinstance(statement, exp.Show):
        yield _of_list(statement.name)
    elif statement.this == "SHOW":
        yield _of_list(statement.expression.name)


_EXTRAS: Sequence[tuple[tuple[type, ...], Callable[[Any], Iterator[SqlAccess]]]] = (
    ((exp.Set,), _settings_of),
    ((exp.Use,), _of_use),
    ((exp.Grant, exp.Revoke), _of_grant),
    ((exp.Copy,), _files_of_copy),
    ((exp.EngineProperty,), _check_engine),
    ((exp.Property, exp.LocationProperty), _file_of_property),
    ((exp.Show, exp.Command), _of_show),
)

"""What SQL touches: each table with what is done to it, and all that is no table."""

from collections.abc import Iterator, Sequence

from sqlglot import exp

from heimdall.domain.policy import SqlAction
from heimdall.plugin.sql_text import SqlText
from heimdall.sql_policy.access import (
    FILES,
    SqlAccess,
    SqlRefusedError,
    of_file,
    of_outside,
    of_setting,
)
from heimdall.sql_policy.functions import HANDED, accesses_of_call
from heimdall.sql_policy.names import Names, names_of
from heimdall.sql_policy.nodes import QUERIES, STATEMENTS, require_known
from heimdall.sql_policy.reading import statements
from heimdall.sql_policy.targets import extras_of, targets_of

Visible = tuple[exp.Identifier, ...]
"""The names of common table expressions that a part of a query can use as tables."""

_CHANGING = (exp.Insert, exp.Update, exp.Delete, exp.Merge)
_NAME_WHEN_EXECUTED = (exp.Placeholder, exp.Parameter, exp.DynamicIdentifier, exp.Literal)
_ALIASES_IN = (exp.Paren, exp.In, exp.Exists, exp.Tuple, exp.Any, exp.All)
_SPARK = frozenset({"spark", "databricks"})
_STATEMENT_WORDS = frozenset(
    {
        "call", "checkpoint", "copy", "delete", "desc", "describe", "execute", "exists", "explain",
        "export", "fetch", "from", "import", "insert", "load", "map", "merge", "pivot", "pragma",
        "reduce", "select", "show", "summarize", "table", "unpivot", "update", "values", "with",
    }
)  # fmt: skip
_SEQUENCE_COLUMNS = frozenset({"nextval"})


def accesses_of(sql: SqlText) -> list[tuple[SqlAccess, ...]]:
    """Tell what each statement touches, in the order of the text, each thing once.

    Raises:
        SqlRefusedError: it does not parse, or something in it cannot be checked.
    """
    names = names_of(sql)
    found: list[tuple[SqlAccess, ...]] = []
    for statement in statements(sql.text, sql.dialect):
        accesses = tuple(dict.fromkeys(_Walk(names).accesses(statement)))
        found.append(accesses)
        if any(map(_may_change_names, accesses)):
            names = names.without_defaults()
    return found


def _may_change_names(access: SqlAccess) -> bool:
    """Whether names may mean something else after this: the session is not the same any more."""
    return access.action in (SqlAction.ADMIN, SqlAction.EXECUTE) and access.schema != FILES


class _Walk:
    """One way through a statement, without recursion: chains of operators are thousands deep."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._targets: dict[int, tuple[SqlAction, ...]] = {}

    def accesses(self, root: exp.Expression) -> Iterator[SqlAccess]:
        """Yield everything that the statement touches."""
        _require_statement(root)
        todo: list[tuple[exp.Expression, Visible]] = [(root, ())]
        while todo:
            node, visible = todo.pop()
            require_known(node)
            if type(node).__name__ in STATEMENTS and node is not root:
                _require_place(node)
            for target, actions in targets_of(node):
                self._mark(target, actions)
            yield from self._of_node(node, visible)
            todo += reversed(list(self._children(node, visible)))

    def _mark(self, target: exp.Expression | None, actions: tuple[SqlAction, ...]) -> None:
        table = target.this if isinstance(target, exp.Schema) else target
        if table is None:
            return
        if not isinstance(table, exp.Table):
            raise SqlRefusedError("what it changes is not a table that is named")
        self._targets[id(table)] = actions

    def _of_node(self, node: exp.Expression, visible: Visible) -> Iterator[SqlAccess]:
        yield from extras_of(node)
        if isinstance(node, exp.Table):
            yield from self._of_table(node, visible)
        elif isinstance(node, exp.Func):
            yield from accesses_of_call(node, self._names)
        elif isinstance(node, exp.Select):
            yield from self._of_select(node, visible)
        elif isinstance(node, exp.Column):
            yield from self._of_column(node)
        else:
            _refuse_odd(node, self._names.dialect)
        yield from self._of_hidden(node)

    def _of_table(self, table: exp.Table, visible: Visible) -> Iterator[SqlAccess]:
        place, alias = table.this, table.args.get("alias")
        if alias is not None and alias.this is None:
            raise SqlRefusedError("it has a table that looks like the call of a function")
        if alias is not None and isinstance(place, exp.Identifier):
            _refuse_statement(place)
        if isinstance(place, exp.Func) or table.args.get("rows_from"):
            return
        if isinstance(place, exp.Var | exp.Literal) and place.name.startswith(("@", "s3://")):
            yield of_file(place.name)
            return
        if isinstance(place, _NAME_WHEN_EXECUTED):
            raise SqlRefusedError("it has a table of which the name is a value")
        marked = self._targets.get(id(table))
        if marked is None and self._is_visible(table, visible):
            return
        yield from self._names.accesses(table, (SqlAction.SELECT,) if marked is None else marked)

    def _is_visible(self, table: exp.Table, visible: Visible) -> bool:
        name = table.this
        if (
            not isinstance(name, exp.Identifier)
            or table.args.get("db")
            or table.args.get("catalog")
        ):
            return False
        return any(self._names.same(name, each) for each in visible)

    def _of_select(self, select: exp.Select, visible: Visible) -> Iterator[SqlAccess]:
        for setting in select.args.get("settings") or ():
            yield of_setting(setting.this.name.lower())
        if select.args.get("locks"):
            for table in _tables_from(select):
                if isinstance(table.this, exp.Identifier) and not self._is_visible(table, visible):
                    yield from self._names.accesses(table, (SqlAction.UPDATE,))

    def _of_hidden(self, node: exp.Expression) -> Iterator[SqlAccess]:
        """Yield tables that look like columns: behind IN in ClickHouse, as paths in Redshift."""
        named: list[exp.Expression | None] = []
        if isinstance(node, exp.In) and self._names.dialect == "clickhouse":
            named = [node.args.get("field"), *(each.unnest() for each in node.expressions)]
        elif isinstance(node, exp.Unnest) and self._names.dialect == "redshift":
            named = [*node.expressions]
        for each in named:
            if isinstance(each, exp.Column):
                yield from self._of_column_as_table(each)

    def _of_column_as_table(self, column: exp.Column) -> Iterator[SqlAccess]:
        if not isinstance(column.this, exp.Identifier):
            return
        table = exp.Table(
            this=column.this.copy(), db=column.args.get("table"), catalog=column.args.get("db")
        )
        yield from self._names.accesses(table, (SqlAction.SELECT,))

    def _of_column(self, node: exp.Column) -> Iterator[SqlAccess]:
        name = node.this
        if not isinstance(name, exp.Identifier):
            return
        if name.name.lower() == "table" and not name.args.get("quoted"):
            raise SqlRefusedError("TABLE as a query cannot be checked; write SELECT * FROM it")
        if self._names.dialect == "snowflake" and name.name.lower() in _SEQUENCE_COLUMNS:
            yield from of_outside("nextval")

    def _children(
        self, node: exp.Expression, visible: Visible
    ) -> Iterator[tuple[exp.Expression, Visible]]:
        with_ = node.args.get("with_")
        if with_ is not None:
            yield with_, ()
            known = visible
            for cte in with_.expressions:
                yield from self._of_cte(cte, known, is_recursive=bool(with_.args.get("recursive")))
                if not cte.args.get("scalar"):
                    known = (*known, _name_of(cte))
            visible = known
        for child in node.iter_expressions():
            if isinstance(child, exp.Hint) and self._names.dialect in _SPARK:
                continue  # its names are those of tables that the query has anyway
            if child is with_ or (isinstance(node, exp.With) and isinstance(child, exp.CTE)):
                continue
            if isinstance(node, exp.Command):
                visible = ()
            yield child, visible

    def _of_cte(
        self, cte: exp.CTE, visible: Visible, *, is_recursive: bool
    ) -> Iterator[tuple[exp.Expression, Visible]]:
        """Yield the parts of a common table expression, each with the names that it can use.

        Its own name is a table's in all but the part of a union that is repeated.
        """
        require_known(cte)
        body = cte.this
        if is_recursive and isinstance(body, exp.SetOperation) and not body.args.get("with_"):
            require_known(body)
            for child in body.iter_expressions():
                is_repeated = child is body.expression
                yield child, (*visible, _name_of(cte)) if is_repeated else visible
        else:
            yield body, visible


def _name_of(cte: exp.CTE) -> exp.Identifier:
    alias = cte.args.get("alias")
    name = alias.this if isinstance(alias, exp.TableAlias) else alias
    if not isinstance(name, exp.Identifier):
        raise SqlRefusedError("a common table expression in it has no name")
    return name


def _require_statement(root: exp.Expression) -> None:
    name = type(root).__name__
    if name not in STATEMENTS and name not in QUERIES:
        raise SqlRefusedError(f"statements of this kind cannot be checked: {name}")


def _refuse_statement(name: exp.Identifier) -> None:
    """Refuse what sqlglot takes for a table and its alias, and engines for a statement."""
    if name.name.lower() in _STATEMENT_WORDS and not name.args.get("quoted"):
        raise SqlRefusedError("a table in it is called as statements begin; put it into quotes")


def _refuse_odd(node: exp.Expression, dialect: str) -> None:
    """Refuse what is no part of the language but would hide a table."""
    if isinstance(node, exp.TableFromRows) and not _is_call(node.this):
        in_call = isinstance(node.parent, exp.Func | exp.Kwarg)
        raise SqlRefusedError(HANDED if in_call else "it has a table of which the name is a value")
    if isinstance(node, exp.Placeholder) and str(node.args.get("kind")).lower() == "identifier":
        raise SqlRefusedError("it has a name that is only known when it is executed")
    is_alias = isinstance(node, exp.Alias) and isinstance(node.parent, _ALIASES_IN)
    if is_alias and dialect != "clickhouse":
        raise SqlRefusedError("it has a name behind an expression where none belongs")


def _is_call(node: exp.Expression) -> bool:
    """Whether rows come from a function, or from a query."""
    called = node.expression if isinstance(node, exp.Dot) else node
    return isinstance(called, exp.Func | exp.Query)


def _require_place(node: exp.Expression) -> None:
    """Make sure that a statement in a statement is where one belongs."""
    parent = node.parent
    if isinstance(node, _CHANGING) and isinstance(parent, exp.CTE | exp.When | exp.Alter):
        return
    if isinstance(node, exp.Drop) and isinstance(parent, exp.Alter):
        return
    if isinstance(node, exp.Describe | exp.Summarize | exp.Show) and isinstance(
        parent, exp.Subquery
    ):
        return
    raise SqlRefusedError("it has a statement where a query belongs")


def _tables_from(select: exp.Select) -> Sequence[exp.Table]:
    """Return the tables that a query reads itself, with its joins."""
    sources = [select.args.get("from_"), *(select.args.get("joins") or ())]
    return [each.this for each in sources if each is not None and isinstance(each.this, exp.Table)]

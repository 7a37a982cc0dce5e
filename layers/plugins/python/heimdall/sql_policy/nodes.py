"""The parts of SQL that are understood: whatever else the parser gives makes it refused."""

from sqlglot import exp

from heimdall.sql_policy.access import SqlRefusedError

_QUERY = """
    Aliases All Any Boolean Bracket BitString ByteString CTE CharacterSet Collate Column ColumnDef
    Comprehension Cube Cluster DataType DataTypeParam Distinct Distribute Dot Escape Except Fetch
    Filter Final ForIn FormatJson From FromTimeZone AtTimeZone Group GroupingSets Having HavingMax
    HexString HistoricalData Identifier IgnoreNulls In Intersect Interval IntervalOp IntervalSpan
    Introducer JSON JSONColumnDef JSONExtractQuote JSONKeyValue JSONPath JSONPathFilter JSONPathKey
    JSONPathRecursive JSONPathRoot JSONPathScript JSONPathSelector JSONPathSlice JSONPathSubscript
    JSONPathUnion JSONPathWildcard JSONSchema JSONValue Join Kwarg Lambda Lateral Limit
    LimitOptions Literal MatchRecognize MatchRecognizeMeasure National NestedJSONSelect Null
    ObjectIdentifier Offset OnCondition Order Ordered OverflowTruncateBehavior Parameter Paren
    Partition Pivot PivotAlias PivotAny Placeholder PositionalColumn PreWhere PropertyEQ
    Pseudocolumn PseudoType Qualify RawString RespectNulls Returning Rollup Schema Select Slice
    Sort Star Subquery Table TableAlias TableColumn TableFromRows TableSample TimeUnit Tuple
    UnicodeString Union UnpivotColumns Values Var Version Where Window WindowSpec With WithFill
    WithinGroup Alias Into Lock _TimeUnit
"""

_STATEMENTS = """
    Insert Update Delete Merge Create Drop Alter TruncateTable Copy Comment Describe Summarize Set
    Use Grant Revoke Analyze Refresh Show Transaction Commit Rollback Command
"""

_PARTS = """
    AddConstraint AlterColumn AlterRename AutoIncrementColumnConstraint CheckColumnConstraint
    ClusteredByProperty Clone ColumnConstraint ColumnPosition CommentColumnConstraint
    ComputedColumnConstraint Constraint CopyParameter Credentials DefaultColumnConstraint
    DistKeyProperty DistStyleProperty EncodeColumnConstraint EngineProperty ExternalProperty
    FileFormatProperty ForeignKey GeneratedAsIdentityColumnConstraint GrantPrincipal
    GrantPrivilege Index IndexParameters LikeProperty LocationProperty MaterializedProperty
    NotNullColumnConstraint OnConflict OnCluster PartitionedByProperty PrimaryKey
    PrimaryKeyColumnConstraint Properties Property Reference RenameColumn SchemaCommentProperty
    SetItem SortKeyProperty SqlSecurityProperty SwapTable TemporaryProperty ToTableProperty
    TransientProperty UniqueColumnConstraint UnloggedProperty When Whens WithDataProperty
    WithSchemaBindingProperty Cluster
"""

_OPERATORS = (exp.Binary, exp.Unary, exp.Connector, exp.Predicate)
_UNSAFE_OPERATORS = frozenset({"Operator", "Dot"})

_KNOWN = frozenset((_QUERY + _STATEMENTS + _PARTS).split())
STATEMENTS = frozenset(_STATEMENTS.split())
QUERIES = frozenset({"Select", "Union", "Except", "Intersect", "Subquery", "Values", "Pivot"})


def require_known(node: exp.Expression) -> None:
    """Make sure that it is understood what a part of the SQL does.

    Raises:
        SqlRefusedError: it is not.
    """
    name = type(node).__name__
    if name in _KNOWN or isinstance(node, exp.Func):
        return
    if isinstance(node, _OPERATORS) and name not in _UNSAFE_OPERATORS:
        return
    raise SqlRefusedError(f"it has something that cannot be checked: {name}")

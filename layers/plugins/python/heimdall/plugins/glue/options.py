"""The contexts that glue takes."""

from pydantic import Field

from heimdall.aws.options import AwsClusterOptions
from heimdall.plugin.options import OptionModels, PluginOptions
from heimdall.plugin.sql_text import SqlText

MAX_METADATA_BYTES = 32 * 1024 * 1024
"""The metadata is held in memory as a text and as what that says."""

_NAME = r"[A-Za-z0-9_-]{1,255}"


class JobOptions(PluginOptions):
    """Of which table.

    Attributes:
        table_name: `database.table`.
    """

    table_name: str = Field(pattern=rf"^{_NAME}\.{_NAME}$")

    @property
    def names(self) -> tuple[str, str]:
        """The database and the table in it."""
        database, _, table = self.table_name.partition(".")
        return database, table


class CommandOptions(PluginOptions):
    """Where tables are looked for.

    Attributes:
        catalog_id: the catalog: the account that has it; None means the role's own.
        max_metadata_bytes: how many bytes a metadata file may have, unpacked.
    """

    catalog_id: str | None = Field(default=None, pattern=r"^[0-9]{12}(:[A-Za-z0-9_./-]{1,200})?$")
    max_metadata_bytes: int = Field(default=MAX_METADATA_BYTES, ge=1, le=MAX_METADATA_BYTES)


class ClusterOptions(AwsClusterOptions):
    """Where the catalog is and who may read it."""


def _sql(job: JobOptions, command: CommandOptions, cluster: object) -> SqlText:  # noqa: ARG001 - called with all three
    """Say which table is told of: who may not read a table is not told of its columns either."""
    database, table = job.names
    text = f'SELECT * FROM "{database}"."{table}"'  # noqa: S608 - checked names
    return SqlText(dialect="trino", text=text, catalog="AwsDataCatalog")


OPTIONS = OptionModels(job=JobOptions, command=CommandOptions, cluster=ClusterOptions, sql=_sql)

"""What the plugin takes for granted of the driver, as the runner has it: without pandas."""

import subprocess
import sys

READS_ARROW = """
import sys


class NoPandas:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pandas":
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, NoPandas())
from base64 import b64encode
import pyarrow as pa
from snowflake.connector.arrow_context import ArrowConverterContext
from snowflake.connector.result_batch import ArrowResultBatch

described = {"logicalType": "FIXED", "precision": "38", "scale": "0"}
schema = pa.schema([pa.field("n", pa.int8(), metadata=described)])
sink = pa.BufferOutputStream()
with pa.ipc.new_stream(sink, schema) as writer:
    writer.write_batch(pa.record_batch([pa.array([17], pa.int8())], schema=schema))
data = b64encode(sink.getvalue().to_pybytes()).decode()
context = ArrowConverterContext({"TIMEZONE": "UTC"})
part = ArrowResultBatch.from_data(data, 1, context, False, False, [], True)
print(part.to_arrow().column("n").to_pylist())
"""


def test_results_in_arrow_are_read_without_pandas():
    done = subprocess.run(
        [sys.executable, "-c", READS_ARROW], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[17]\n"

"""Run by spark-submit: has the wrapper run many statements in one Spark, and asks Spark itself.

`statements.py WRAPPER DIRECTORY`, where DIRECTORY/statements.json is a list of
`{"name", "query", "max_rows", "max_bytes", "return_result", "compare"}`. What the wrapper left is
below DIRECTORY/<name>, and beside it, in DIRECTORY/<name>.json, what Spark gives directly.
"""

import importlib.util
import json
import sys
from pathlib import Path

from pyspark.sql import SparkSession


def described(frame):
    return {
        "schema": [[field.name, field.dataType.simpleString()] for field in frame.schema.fields],
        "rows": [repr(list(row)) for row in frame.collect()],
    }


def main(wrapper_path, directory):
    specification = importlib.util.spec_from_file_location("wrapper", wrapper_path)
    wrapper = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(wrapper)
    spark = SparkSession.builder.getOrCreate()
    for statement in json.loads((directory / "statements.json").read_text()):
        name = statement["name"]
        query = directory / f"{name}.sql"
        query.write_text(statement["query"], encoding="utf-8")
        output = directory / name
        words = ["--query", f"file:{query}", "--output", f"file:{output}"]
        words += ["--max-rows", str(statement["max_rows"])]
        words += ["--max-bytes", str(statement["max_bytes"])]
        words += ["--return-result"] if statement["return_result"] else []
        is_ok = wrapper.report_statement(spark, wrapper.parse(words))
        if is_ok and statement["compare"]:
            told = {
                "direct": described(spark.sql(statement["query"])),
                "parquet": described(spark.read.parquet(f"file:{output}/parquet")),
            }
            (directory / f"{name}.json").write_text(json.dumps(told))
        spark.catalog.clearCache()


main(sys.argv[1], Path(sys.argv[2]))

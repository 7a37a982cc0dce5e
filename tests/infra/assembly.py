"""The synthesized application, with CloudFormation's functions written out as short text.

{"Fn::GetAtt": ["JobsDF1CC2D4", "Arn"]}                          Jobs.Arn
{"Fn::Join": ["", [<the same>, "/index/by_time"]]}               Jobs.Arn/index/by_time
{"Fn::ImportValue": "HeimdallStateful:ExportsOutput..."}         what is exported there
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HASH = re.compile(r"[0-9A-F]{8}$")


def run_app(output: Path, *, context: Mapping[str, Any] | None = None, program=("app.py",)):
    """Run the CDK application as `cdk synth` does and return the finished process."""
    return subprocess.run(
        [sys.executable, *program],
        cwd=ROOT,
        env={
            **os.environ,
            "HEIMDALL_BUILD_TARGET": "host",
            "CDK_OUTDIR": str(output),
            "CDK_CONTEXT_JSON": json.dumps(context or {}),
        },
        capture_output=True,
        text=True,
        check=False,
    )


class Assembly:
    """The folder that a synthesis wrote."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.stateful = self._template("HeimdallStateful")
        self.service = self._template("HeimdallService")
        self._exports = {
            output["Export"]["Name"]: output["Value"]
            for output in self.stateful["Outputs"].values()
        }

    def _template(self, stack: str) -> dict[str, Any]:
        return json.loads((self.folder / f"{stack}.template.json").read_text())

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """All resources of a type by their short names, everything about them rendered."""
        return {
            short(name): self.render(resource)
            for template in (self.stateful, self.service)
            for name, resource in template["Resources"].items()
            if resource["Type"] == kind
        }

    def properties(self, kind: str) -> dict[str, dict[str, Any]]:
        return {name: found["Properties"] for name, found in self.resources(kind).items()}

    def asset(self, content: Mapping[str, Any]) -> set[str]:
        """Paths of all files in the package that a function's Code or a layer's Content names."""
        folder = self.folder / f"asset.{content['S3Key'].removesuffix('.zip')}"
        return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}

    def render(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.render(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (function, argument), *_ = value.items()
            if function in RENDERED:
                return RENDERED[function](self, argument)
        return {key: self.render(item) for key, item in value.items()}

    def imported(self, name: str) -> Any:
        return self.render(self._exports[name])


def short(logical_id: str) -> str:
    """A logical id without the hash that the CDK puts behind it."""
    return HASH.sub("", logical_id)


RENDERED = {
    "Ref": lambda assembly, name: short(name).removeprefix("AWS::"),
    "Fn::GetAtt": lambda assembly, path: f"{short(path[0])}.{path[1]}",
    "Fn::Join": lambda assembly, join: join[0].join(assembly.render(join[1])),
    "Fn::Sub": lambda assembly, text: text,
    "Fn::ImportValue": lambda assembly, name: assembly.imported(name),
}

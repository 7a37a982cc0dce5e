"""What is deployed: facts of the synthesized templates, and the packages built for this machine."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.capacity import Index
from local.build import Stack, assembly, digest

Properties = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Deployment:
    """The facts that the measurements are about.

    Attributes:
        memory_mb: of each function, by its folder's name.
        indexes: of the table `jobs`.
        access_log: the format of the API's access log, with `$context.` variables.
        functions: the folder that Lambda unpacks to /var/task, for each function.
        layer: the folder that it unpacks to /opt; those of some runners come on top.
    """

    memory_mb: Mapping[str, int]
    indexes: tuple[Index, ...]
    access_log: str
    functions: Mapping[str, Path]
    layer: Path


def read_deployment(folder: Path) -> Deployment:
    """Build what is deployed if it is outdated, and copy the packages.

    Args:
        folder: where the copies go; others may build while they are measured.
    """
    with assembly(digest(), say=lambda _: None) as stacks:
        functions = {
            _package(found): found
            for found in _all(stacks, "AWS::Lambda::Function")
            if len(found["Layers"]) == 1  # of the runners, the one that needs nothing else
        }
        layer = _layer_of(functions["submit"], stacks)
        (stage,) = _all(stacks, "AWS::ApiGatewayV2::Stage")
        indexes = [
            index
            for table in _all(stacks, "AWS::DynamoDB::GlobalTable")
            for index in table.get("GlobalSecondaryIndexes", [])
        ]
        return Deployment(
            memory_mb={name: found["MemorySize"] for name, found in functions.items()},
            indexes=tuple(_index(found) for found in indexes),
            access_log=stage["AccessLogSettings"]["Format"],
            functions={
                name: _copied(found["Code"], stacks, folder / "task" / name)
                for name, found in functions.items()
            },
            layer=_copied(layer["Content"], stacks, folder / "opt"),
        )


def _all(stacks: Iterable[Stack], kind: str) -> list[Properties]:
    return [
        resource["Properties"]
        for stack in stacks
        for resource in stack.template["Resources"].values()
        if resource["Type"] == kind
    ]


def _layer_of(function: Properties, stacks: Iterable[Stack]) -> Properties:
    name = function["Layers"][0]["Ref"]
    found = (stack.template["Resources"].get(name) for stack in stacks)
    properties: Properties = next(layer for layer in found if layer)["Properties"]
    return properties


def _package(function: Properties) -> str:
    return str(function["Handler"]).split(".")[1]


def _index(properties: Properties) -> Index:
    projection = properties["Projection"]
    return Index(
        name=properties["IndexName"],
        keys=tuple(key["AttributeName"] for key in properties["KeySchema"]),
        projected=None
        if projection["ProjectionType"] == "ALL"
        else tuple(projection.get("NonKeyAttributes", ())),
    )


def _copied(code: Properties, stacks: Iterable[Stack], folder: Path) -> Path:
    """Copy the package that a template names by its key in CDK's bucket."""
    (source,) = {
        path for stack in stacks for (_, key), path in stack.files.items() if key == code["S3Key"]
    }
    shutil.copytree(source, folder)
    return folder

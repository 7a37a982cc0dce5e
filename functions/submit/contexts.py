"""Contexts checked: their fields by the plugins' models, and that secrets are references."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from functions.submit.schemas import invalid, refusal
from heimdall.domain.errors import InvalidRequestError
from heimdall.domain.pairs import Pair
from heimdall.plugin.registry import PluginRegistry
from heimdall.plugin.secret_fields import Path, reference_faults, secret_paths
from heimdall.runtime import SubmitRuntime

Model = TypeVar("Model", bound=BaseModel)


def check_contexts(context: dict[str, Any], pair: Pair, plugins: PluginRegistry) -> None:
    """Check a job's context, and that of its pair, with the plugin's models.

    Those of the pair were searched for stray references when they were written.

    Raises:
        InvalidRequestError: a field is wrong; details have its path.
    """
    models = plugins.options(pair.command.plugin)
    command, cluster = pair.command, pair.cluster
    options = (
        _parsed(models.job, context, path="context"),
        _parsed(models.command, dict(command.context), path=f"command {command.id} context"),
        _parsed(models.cluster, dict(cluster.context), path=f"cluster {cluster.id} context"),
    )
    check_references(context, secret_paths(models.job), path="context")
    if models.check is None:
        return
    try:
        models.check(*options)
    except ValueError as error:
        message = str(error)
        raise InvalidRequestError(
            f"context: {message}", details=[{"path": "context", "message": message}]
        ) from error


def check_command_context(context: dict[str, Any], plugin: str, runtime: SubmitRuntime) -> None:
    """Check a command's context with the model of its plugin.

    Raises:
        InvalidRequestError: a field is wrong, a secret is none, or a reference is stray.
    """
    model = runtime.plugins.options(plugin).command
    _parsed(model, context, path="context")
    check_references(context, secret_paths(model), path="context")


def check_cluster_context(context: dict[str, Any], runtime: SubmitRuntime) -> None:
    """Check the secrets of a cluster's context; which plugins will use it is not known.

    A field that some plugin of this deployment marks secret takes a reference, also if the cluster
    is meant for another.

    Raises:
        InvalidRequestError: a secret is none, or a reference is stray.
    """
    plugins = {name for runner in runtime.settings.runners.values() for name in runner.plugins}
    paths = (secret_paths(runtime.plugins.options(plugin).cluster) for plugin in sorted(plugins))
    check_references(context, frozenset[Path]().union(*paths), path="context")


def check_references(values: dict[str, Any], secrets: frozenset[Path], *, path: str) -> None:
    """Check that there are references to secrets at some paths and nowhere else.

    Args:
        values: any JSON object.
        secrets: the paths.
        path: of the object in what was sent.

    Raises:
        InvalidRequestError: a secret is none, or a reference is stray.
    """
    faults = reference_faults(values, secrets)
    if faults:
        raise refusal([{**fault, "path": f"{path}.{fault['path']}"} for fault in faults])


def _parsed(model: type[Model], context: dict[str, Any], *, path: str) -> Model:
    try:
        return model.model_validate(context)
    except ValidationError as error:
        raise invalid(error, path=path) from error

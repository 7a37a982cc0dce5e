"""What EMR is asked to do for a run: a step, and a cluster of its own for it."""

from typing import Any

from heimdall.plugin.spec import RunRequest
from heimdall.plugins.emr.options import COMMAND_RUNNER, CommandOptions, Step
from heimdall.plugins.emr.transient import TransientCluster
from heimdall.spark.options import SparkJobOptions, merged_properties
from heimdall.spark.program import Program


def own_step(step: Step, job: SparkJobOptions) -> dict[str, Any]:
    """Return the command's own step with the job's arguments."""
    asked: dict[str, Any] = {"Jar": step.jar, "Args": [*step.args, *(job.arguments or [])]}
    if step.main_class:
        asked["MainClass"] = step.main_class
    return asked


def spark_step(
    program: Program, job: SparkJobOptions, command: CommandOptions, name: str
) -> dict[str, Any]:
    """Return a step that runs a program by spark-submit.

    The driver is part of the step, so that it ends with it and its output is in the step's logs.
    """
    properties = merged_properties(command.properties, job.parameters.properties)
    pairs = [("--conf", f"{key}={value}") for key, value in properties.items()]
    main_class = ["--class", program.main_class] if program.main_class else []
    return {
        "Jar": COMMAND_RUNNER,
        "Args": [
            *("spark-submit", "--deploy-mode", "client", "--name", name),
            *main_class,
            *(word for pair in pairs for word in pair),
            *(program.entry_point, *program.arguments),
        ],
    }


def add_steps(cluster_id: str, name: str, step: Any, role: str | None) -> Any:  # noqa: ANN401
    """Return the request that adds a step to a cluster, whose other work is left alone."""
    asked: dict[str, Any] = {
        "JobFlowId": cluster_id,
        "Steps": [{"Name": name, "ActionOnFailure": "CONTINUE", "HadoopJarStep": step}],
    }
    if role:
        asked["ExecutionRoleArn"] = role
    return asked


def run_cluster(
    cluster: TransientCluster,
    command: CommandOptions,
    run: RunRequest,
    step: Any,  # noqa: ANN401 - of AddJobFlowSteps
) -> Any:  # noqa: ANN401 - of RunJobFlow
    """Return the request for a cluster that runs one step and ends with it."""
    name = run.identity.work_name
    tags = {**cluster.tags, **run.tags}
    asked = {
        "Name": name,
        "ReleaseLabel": cluster.release_label,
        "LogUri": cluster.log_uri or command.logs_uri,
        "ServiceRole": cluster.service_role,
        "JobFlowRole": cluster.instance_profile,
        "Applications": [{"Name": each} for each in cluster.applications],
        "Configurations": [
            {"Classification": each.classification, "Properties": each.properties}
            for each in cluster.configurations
        ],
        "BootstrapActions": [
            {"Name": each.name, "ScriptBootstrapAction": {"Path": each.path, "Args": each.args}}
            for each in cluster.bootstrap_actions
        ],
        "SecurityConfiguration": cluster.security_configuration,
        "StepExecutionRoleArn": command.step_role_arn,
        "Instances": _instances(cluster),
        "Steps": [{"Name": name, "ActionOnFailure": "TERMINATE_CLUSTER", "HadoopJarStep": step}],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        "VisibleToAllUsers": True,
    }
    return {key: value for key, value in asked.items() if value}


def _instances(cluster: TransientCluster) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "InstanceGroups": [
            {
                "Name": each.instance_role.lower(),
                "InstanceRole": each.instance_role,
                "InstanceType": each.instance_type,
                "InstanceCount": each.instance_count,
                "Market": each.market,
            }
            for each in cluster.instance_groups
        ],
        "KeepJobFlowAliveWhenNoSteps": False,
        "TerminationProtected": False,
    }
    if cluster.subnet_id:
        asked["Ec2SubnetId"] = cluster.subnet_id
    return asked

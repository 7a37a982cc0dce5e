"""The functions: how they run and what they are told."""

import json
from dataclasses import fields

import pytest

from heimdall import settings
from infra.config import FAMILIES, Config

CONFIG = Config()
FORMS = next((name for name in CONFIG.runners if CONFIG.families_of(name)), None)
COMMON = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}
LONG_JOBS = "arn:Partition:states:Region:AccountId:stateMachine:Heimdall-long-jobs"
FUNCTIONS = {
    "Submit": {
        "package": "submit",
        "timeout": 29,
        "settings": settings.SubmitSettings,
        "environment": {
            "HEIMDALL_JOBS_TABLE": "Jobs",
            "HEIMDALL_CATALOG_TABLE": "Catalog",
            "HEIMDALL_BUCKET": "Files",
            "HEIMDALL_TRUSTED_PROXIES": "TrustedProxies",
            "HEIMDALL_ADMINS": "Admins",
            "HEIMDALL_DEFAULT_ROLE": "DefaultRole",
            "HEIMDALL_AUDIT_RETENTION_DAYS": "365",
            "HEIMDALL_RETENTION_DAYS": "30",
        },
    },
    "Query": {
        "package": "query",
        "timeout": 29,
        "settings": settings.QuerySettings,
        "environment": {
            "HEIMDALL_JOBS_TABLE": "Jobs",
            "HEIMDALL_CATALOG_TABLE": "Catalog",
            "HEIMDALL_BUCKET": "Files",
            "HEIMDALL_TRUSTED_PROXIES": "TrustedProxies",
            "HEIMDALL_ADMINS": "Admins",
            "HEIMDALL_DEFAULT_ROLE": "DefaultRole",
            "HEIMDALL_AUDIT_RETENTION_DAYS": "365",
            "HEIMDALL_FORMS_FUNCTION": f"Execute{FORMS.title()}Function" if FORMS else "",
        },
    },
    "Orchestrate": {
        "package": "orchestrate",
        "timeout": 60,
        "settings": settings.OrchestrateSettings,
        "environment": {
            "HEIMDALL_JOBS_TABLE": "Jobs",
            "HEIMDALL_RETENTION_DAYS": "30",
            "HEIMDALL_DEAD_LETTERS": json.dumps(
                {f"{name.title()}JobsDeadLetters.Arn": name for name in CONFIG.runners}
            ),
        },
    },
    **{
        f"Execute{name.title()}": {
            "package": "execute",
            "timeout": 900,
            "settings": settings.ExecuteSettings,
            "environment": {
                "HEIMDALL_JOBS_TABLE": "Jobs",
                "HEIMDALL_CATALOG_TABLE": "Catalog",
                "HEIMDALL_BUCKET": "Files",
                "HEIMDALL_RETENTION_DAYS": "30",
                "HEIMDALL_DEPLOYMENT": "Heimdall-Region",
                "HEIMDALL_QUEUE_URL": f"{name.title()}JobsQueue",
                "HEIMDALL_WAKES_URL": f"{name.title()}WakesQueue",
                "HEIMDALL_LONG_JOBS_ARN": LONG_JOBS,
                "HEIMDALL_AUDIT_RETENTION_DAYS": "365",
                "HEIMDALL_STOP_ORPHANS": "false",
            },
        }
        for name in CONFIG.runners
    },
}
RUNNERS = {
    name: {
        "function": f"Execute{name.title()}Function",
        "queue_url": f"{name.title()}JobsQueue",
        "wakes_url": f"{name.title()}WakesQueue",
        "plugins": list(plugins),
    }
    for name, plugins in CONFIG.runners.items()
}
HAVE_DATA = {
    f"Execute{name.title()}"
    for name, plugins in CONFIG.runners.items()
    if set(plugins) & set(FAMILIES)
}


@pytest.fixture(params=FUNCTIONS)
def name(request):
    return request.param


@pytest.fixture
def function(assembly, name):
    return assembly.properties("AWS::Lambda::Function")[f"{name}Function"]


@pytest.fixture
def variables(function):
    return function["Environment"]["Variables"]


def test_there_are_three_functions_and_one_for_each_runner(assembly):
    assert set(assembly.resources("AWS::Lambda::Function")) == {
        f"{name}Function" for name in FUNCTIONS
    }


def test_function_runs_on_python_3_13_on_arm(function):
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]


def test_function_has_a_whole_processor_and_more_storage_where_data_is_worked_on(function, name):
    is_for_data = name in HAVE_DATA

    assert function["MemorySize"] == (1769 if is_for_data else 512)
    assert function.get("EphemeralStorage") == ({"Size": 2048} if is_for_data else None)


def test_function_is_in_no_vpc_by_default(function):
    assert "VpcConfig" not in function


def test_function_starts_in_its_own_package_and_ends_in_time(function, name):
    package = FUNCTIONS[name]["package"]

    assert function["Handler"] == f"functions.{package}.handler.lambda_handler"
    assert function["Timeout"] == FUNCTIONS[name]["timeout"]


def test_only_executors_may_send_to_themselves(function, name):
    """Lambda stops chains of sixteen otherwise; wakes and retries are longer."""
    is_executor = FUNCTIONS[name]["package"] == "execute"

    assert function.get("RecursiveLoop") == ("Allow" if is_executor else None)


def test_function_uses_the_shared_layer_and_its_familys(function, name):
    families = CONFIG.families_of(name.removeprefix("Execute").lower()) if name in HAVE_DATA else ()

    assert function["Layers"] == ["Layer", *(f"{family.title()}Layer" for family in families)]


def test_layers_are_for_python_3_13_on_arm(assembly):
    for layer in assembly.properties("AWS::Lambda::LayerVersion").values():
        assert layer["CompatibleRuntimes"] == ["python3.13"]
        assert layer["CompatibleArchitectures"] == ["arm64"]


def test_function_writes_a_log_of_its_own_that_is_kept_thirty_days(assembly, function, name):
    assert function["LoggingConfig"] == {"LogGroup": f"{name}Logs"}
    assert assembly.properties("AWS::Logs::LogGroup")[f"{name}Logs"] == {"RetentionInDays": 30}


def test_function_is_not_traced_by_default(function):
    assert "TracingConfig" not in function


def test_environment_is_what_the_settings_class_reads(variables, name):
    read = {
        f"{settings.PREFIX}{field.name.upper()}" for field in fields(FUNCTIONS[name]["settings"])
    }

    assert set(variables) == read | COMMON


def test_environment_names_the_resources_of_this_deployment(variables, name):
    told = {key: value for key, value in variables.items() if key.startswith("HEIMDALL_")}
    runners = told.pop("HEIMDALL_RUNNERS", None)

    assert told == FUNCTIONS[name]["environment"]
    assert runners is None or json.loads(runners) == RUNNERS


def test_logs_and_metrics_name_the_function(variables, name):
    assert variables["POWERTOOLS_SERVICE_NAME"] == FUNCTIONS[name]["package"]
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "Heimdall"
    assert variables["POWERTOOLS_LOG_LEVEL"] == "INFO"


def test_settings_can_be_read_from_the_environment(variables, name):
    variables = {**variables, "HEIMDALL_TRUSTED_PROXIES": "", "HEIMDALL_DEFAULT_ROLE": "submitter"}

    assert settings.read_settings(FUNCTIONS[name]["settings"], variables)

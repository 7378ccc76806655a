"""Strict schemas: a field that Kubernetes, or the operator that brings a kind,
does not know is an error, as is a value of the wrong type."""

import functools

import cloudcoil.models.keda.v1alpha1 as keda
import cloudcoil.models.prometheus_operator.v1 as prometheus
import jsonschema
import kubernetes_validate

# Oldest version to run on, because of the preStop hooks, and a recent one.
VERSIONS = ("1.30", "1.35")
CUSTOM = {("keda.sh/v1alpha1", "ScaledObject"): keda.ScaledObject,
          ("monitoring.coreos.com/v1", "PodMonitor"): prometheus.PodMonitor,
          ("monitoring.coreos.com/v1", "PrometheusRule"): prometheus.PrometheusRule}


def close(schema):
    """The same schema, in which objects with listed fields have no others."""
    if isinstance(schema, list):
        return [close(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: close(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        closed["additionalProperties"] = False
    return closed


@functools.cache
def custom_validator(api_version, kind):
    schema = close(CUSTOM[api_version, kind].model_json_schema(by_alias=True))
    return jsonschema.Draft202012Validator(schema)


def deepest(error):
    """The error that says most, of the alternatives of an anyOf."""
    best = jsonschema.exceptions.best_match(error.context) if error.context else None
    return deepest(best) if best is not None else error


def custom_errors(thing):
    validator = custom_validator(thing["apiVersion"], thing["kind"])
    return [deepest(error) for error in validator.iter_errors(thing)]


def builtin_errors(thing, version):
    try:
        kubernetes_validate.validate(thing, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [error]
    return []


def errors(thing, version):
    """What is wrong with an object, one line each; empty: nothing.

    An object of a kind without a schema is an error, too.
    """
    where = f"{thing['kind']}/{thing['metadata'].get('name')}"
    try:
        found = (custom_errors(thing) if (thing["apiVersion"], thing["kind"]) in CUSTOM
                 else builtin_errors(thing, version))
    except kubernetes_validate.SchemaNotFoundError as error:
        return [f"{where}: {error.message}"]
    return [f"{where}: {'.'.join(map(str, error.absolute_path))}: {error.message}"
            for error in found]

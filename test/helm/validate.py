"""Rendered manifests as Kubernetes reads them: parsed, and held against the strict schemas of its versions, which the package kubernetes-validate brings.

stdin: { "texts": { name: yaml }, "versions": ["1.34"] } → stdout: { "objects": { name: [object] }, "wrong": [sentence], "unknown": [kind], "versions": [those there are] }
"""
import functools, json, re, sys

import jsonschema, kubernetes_validate.utils as schemas, yaml
from referencing import Registry, Resource


class Strict(yaml.SafeLoader):
    """A key that stands twice is an error, as it is for Kubernetes with strict field validation."""


def mapping(loader, node):
    seen = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for key in seen:
        if seen.count(key) > 1:
            raise ValueError(f"the key {key} stands twice, line {node.start_mark.line + 1}")
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)


@functools.cache
def definitions(version):
    return schemas.schema_contents(f"kubernetes-json-schema/v{version}.0-local-strict/_definitions.json", version)


@functools.cache
def validator(version, kind, api):
    try:
        schema = schemas.schema_contents(f"kubernetes-json-schema/v{version}.0-local-strict/{kind.lower()}-{api}.json", version)
    except FileNotFoundError:
        return None
    registry = Resource.from_contents(definitions(version)) @ (Resource.from_contents(schema) @ Registry())
    return jsonschema.validators.Draft202012Validator(schema, registry=registry)


def without_null(value):
    """As the API server reads a key without a value."""
    if isinstance(value, dict):
        return {key: without_null(inner) for key, inner in value.items() if inner is not None}
    return [without_null(inner) for inner in value] if isinstance(value, list) else value


asked = json.load(sys.stdin)
objects, wrong, unknown = {}, [], set()
for name, text in asked["texts"].items():
    try:
        objects[name] = [without_null(each) for each in yaml.load_all(text, Strict) if each is not None]
    except (yaml.YAMLError, ValueError) as error:
        wrong.append(f"{name}: {error}")
        continue
    for each in objects[name]:
        api = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", each["apiVersion"])
        for version in asked["versions"]:
            check = validator(version, each["kind"], api)
            if check is None:
                unknown.add(each["kind"])
                continue
            for error in check.iter_errors(each):
                wrong.append(f"{name}, {version}: {each['kind']} {each['metadata']['name']}: {error.json_path}: {error.message[:200]}")
json.dump({"objects": objects, "wrong": wrong, "unknown": sorted(unknown), "versions": schemas.all_versions()}, sys.stdout)

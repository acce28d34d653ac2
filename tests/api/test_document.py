"""The OpenAPI document says what the routes do."""

import re

from jsonschema import Draft202012Validator

from dashboard.accounts.permissions import permission_of
from dashboard.api.operation import operation_of


def references(node):
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for child in node.values():
            yield from references(child)
    elif isinstance(node, list):
        for child in node:
            yield from references(child)


def test_every_route_is_documented_with_its_scope(app, client):
    document = client.get("/api/v1/openapi.json").json
    documented = {
        (method, path) for path, methods in document["paths"].items() for method in methods
    }
    routes = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1") and not rule.rule.endswith("openapi.json")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert documented == routes
    scopes = [one["description"] for path in document["paths"].values() for one in path.values()]
    assert all(re.fullmatch(r"Scope: `[a-z]+:[a-z]+`\.", words) for words in scopes)


def test_every_route_names_a_scope_and_an_operation(app):
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.document.show":
            view = app.view_functions[rule.endpoint]
            assert permission_of(view).scope, rule.rule
            assert operation_of(view), rule.rule


def test_every_reference_resolves_and_every_schema_is_valid(client):
    document = client.get("/api/v1/openapi.json").json
    schemas = document["components"]["schemas"]
    assert set(references(document)) <= {f"#/components/schemas/{name}" for name in schemas}
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def test_operations_have_names_of_their_own_and_declare_their_path(client):
    document = client.get("/api/v1/openapi.json").json
    operations = [
        (path, one) for path, methods in document["paths"].items() for one in methods.values()
    ]
    names = [one["operationId"] for _, one in operations]
    assert len(names) == len(set(names))
    for path, one in operations:
        declared = [each["name"] for each in one["parameters"] if each["in"] == "path"]
        assert sorted(re.findall(r"{(\w+)}", path)) == declared


def test_the_document_is_made_once(client, app, monkeypatch):
    first = client.get("/api/v1/openapi.json")
    monkeypatch.setattr("dashboard.api.document.openapi", lambda: 1 / 0)
    assert client.get("/api/v1/openapi.json").json == first.json

"""The OpenAPI document says of each operation what it does, what goes in and out, and what can go wrong."""

import pytest

from tests.unit.api.fakes import FakeParts, client_of

DOCUMENT = client_of(FakeParts()).app.openapi()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}
every_operation = pytest.mark.parametrize("name", OPERATIONS)


def resolved(schema: dict) -> dict:
    return DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema


def has_example(schema: dict) -> bool:
    """Whether a schema shows an example itself, or is a list or a page of what does."""
    schema = resolved(schema)
    if "examples" in schema:
        return True
    if schema.get("type") == "array":
        return has_example(schema["items"])
    return "items" in schema.get("properties", {}) and has_example(schema["properties"]["items"])


@every_operation
def test_it_says_what_it_does(name: str):
    operation = OPERATIONS[name]
    assert operation["summary"] and operation["description"].endswith(".") and len(operation["tags"]) == 1


@every_operation
def test_it_shows_what_goes_in_and_out(name: str):
    operation = OPERATIONS[name]
    for body in operation.get("requestBody", {}).get("content", {}).values():
        assert has_example(body["schema"])
    successes = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    assert successes
    assert all(has_example(content["schema"]) for one in successes for content in one.get("content", {}).values())


@every_operation
def test_every_error_has_the_one_form_and_an_example(name: str):
    responses = OPERATIONS[name]["responses"]
    for status, answer in responses.items():
        if status.startswith("2"):
            continue
        content = answer["content"]["application/json"]
        assert content["schema"] == {"$ref": "#/components/schemas/ErrorOut"}
        for code, example in content["examples"].items():
            assert example["value"]["error"]["code"] == code
        assert answer["description"]


@every_operation
def test_it_names_the_errors_that_follow_from_its_shape(name: str):
    operation = OPERATIONS[name]
    statuses = set(operation["responses"])
    assert ("401" in statuses) == ("security" in operation or name in {"POST /auth/token", "POST /auth/refresh"})
    assert ("413" in statuses) == ("requestBody" in operation)
    assert ("422" in statuses) == ("requestBody" in operation or bool(operation.get("parameters")))


def test_operations_have_ids_of_their_own():
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(ids)) == len(ids)


def test_tags_are_described_in_the_order_in_which_they_are_needed():
    described = [tag["name"] for tag in DOCUMENT["tags"]]
    assert {tag for operation in OPERATIONS.values() for tag in operation["tags"]} == set(described)
    assert described[:3] == ["Accounts", "Sign-in", "Recommendations"]


def test_the_parameters_of_the_hot_path_are_documented_although_it_reads_them_itself():
    parameters = {one["name"]: one for one in OPERATIONS["GET /recommendations/"]["parameters"]}
    assert set(parameters) == {
        "k", "engine", "kind", "genres", "tags", "year_from", "explain", "diversity", "exclude", "platform",
    }  # fmt: skip
    assert parameters["k"]["schema"] == {"default": 10, "maximum": 100, "minimum": 1, "title": "K", "type": "integer"}
    assert parameters["kind"]["schema"]["$ref"] == "#/components/schemas/Kind"
    assert all(one["in"] == "query" and one["required"] is False for one in parameters.values())


def test_every_reference_of_the_document_leads_somewhere():
    def references(node: object):
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    names = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert set(references(DOCUMENT)) <= names

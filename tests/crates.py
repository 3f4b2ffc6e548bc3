"""What RO-Crate 1.2 and the profiles of Workflow Run Crate require, for tests: roc-validator asks the web for its contexts."""

from __future__ import annotations

from typing import Any

PROFILES = ("process", "workflow", "provenance")


def list_types(entity: dict[str, Any]) -> list[str]:
    """Return the types of an entity."""
    kinds = entity["@type"]
    return [kinds] if isinstance(kinds, str) else kinds


def list_references(entity: dict[str, Any], key: str) -> list[str]:
    """Return the ids that a property of an entity refers to."""
    value = entity.get(key, [])
    return [one["@id"] for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def find_lacks(graph: dict[str, Any]) -> list[str]:
    """Return what a crate lacks of what its profiles require (MUST), in words; empty when nothing."""
    entities = {entity["@id"]: entity for entity in graph["@graph"]}
    root, lacks = entities["./"], []

    def of(kind: str) -> list[dict[str, Any]]:
        return [entity for entity in entities.values() if kind in list_types(entity)]

    def need(is_met: object, said: str) -> None:
        lacks.extend([] if is_met else [said])

    head = entities["ro-crate-metadata.json"]
    need(list_references(head, "about") == ["./"], "the descriptor is about the root")
    need(list_references(head, "conformsTo") == ["https://w3id.org/ro/crate/1.2"], "the descriptor conforms to 1.2")
    need("https://w3id.org/ro/crate/1.2/context" in graph["@context"], "the context of 1.2")
    for key in ("name", "description", "datePublished", "license", "conformsTo", "mainEntity", "hasPart"):
        need(root.get(key), f"root: {key}")
    claimed = list_references(root, "conformsTo")
    need(all(any(f"wfrun/{name}/" in one for one in claimed) for name in PROFILES), "root: profiles")
    for one in claimed:
        need({"Profile", "CreativeWork"} <= set(list_types(entities[one])), f"{one}: is no profile")
    main = entities[list_references(root, "mainEntity")[0]]
    need({"File", "SoftwareSourceCode", "ComputationalWorkflow"} <= set(list_types(main)), "workflow: types")
    languages = [entities[one] for one in list_references(main, "programmingLanguage")]
    need(languages and all("ComputerLanguage" in list_types(one) for one in languages), "workflow: language")
    for one in [*of("SoftwareApplication"), *languages]:
        need(all(one.get(key) for key in ("name", "url", "version")), f"{one['@id']}: name, url, version")
    actions = [*of("CreateAction"), *of("ControlAction"), *of("OrganizeAction")]
    need(
        any(list_references(one, "instrument") == [main["@id"]] for one in of("CreateAction")), "a run of the workflow"
    )
    for one in actions:
        need(list_references(one, "instrument"), f"{one['@id']}: instrument")
    for one in of("FormalParameter"):
        need(one.get("additionalType") and list_references(one, "workExample"), f"{one['@id']}: type and example")
        need(one["@id"] in list_references(main, "input"), f"{one['@id']}: an input of the workflow")
    for one in of("HowToStep"):
        need(
            one["@id"] in list_references(main, "step") and list_references(one, "workExample"), f"{one['@id']}: a step"
        )
    for one in of("ControlAction"):
        need("HowToStep" in list_types(entities[list_references(one, "instrument")[0]]), f"{one['@id']}: of a step")
        need(
            "CreateAction" in list_types(entities[list_references(one, "object")[0]]), f"{one['@id']}: starts an action"
        )
    for one in of("OrganizeAction"):
        need(list_references(one, "result") == ["#run"] and list_references(one, "object"), "the order of the chapters")
    data = {one["@id"] for one in of("File") if one is not head} | {
        one["@id"] for one in of("Dataset") if one is not root
    }
    need(data <= set(list_references(root, "hasPart")) | _parts(entities), "files that the root does not have")
    for entity in entities.values():
        for key in entity:
            lost = [
                one
                for one in list_references(entity, key)
                if one not in entities and not one.startswith("https://w3id.org/ro/crate")
            ]
            need(not lost, f"{entity['@id']}.{key}: {lost} is nowhere described")
    return lacks


def _parts(entities: dict[str, dict[str, Any]]) -> set[str]:
    return {one for entity in entities.values() for one in list_references(entity, "hasPart")}

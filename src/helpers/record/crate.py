"""A run as a research object: ``ro-crate-metadata.json`` (RO-Crate 1.2, Provenance Run Crate), chained to itself by a hash."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rocrate.model.contextentity import ContextEntity
from rocrate.model.data_entity import DataEntity
from rocrate.rocrate import ROCrate

from helpers.importers.sources import Source
from helpers.problems import count
from helpers.record.inputs import join_hashes
from helpers.tables import write_atomically

FILE = "ro-crate-metadata.json"
WORKFLOW = "workflow.yml"
SEAL = "#seal"  # the crate's own hash
RUN, ENGINE, LEDGER = "#run", "#resilience-book", "#ledger"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": ("Workflow RO-Crate", "1.0"),
}
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
FORMATS = {
    ".html": "text/html", ".tsv": "text/tab-separated-values", ".json": "application/json", ".jsonld": "application/ld+json",
    ".ipynb": "application/x-ipynb+json", ".md": "text/markdown", ".yml": "application/yaml", ".svg": "image/svg+xml",
    ".png": "image/png", ".css": "text/css", ".js": "text/javascript", ".txt": "text/plain", ".gz": "application/gzip",
    ".parquet": "application/vnd.apache.parquet", ".nii": "application/octet-stream", ".nwk": "text/x-nh",
}  # fmt: skip
BSD, CC_BY = "https://spdx.org/licenses/BSD-3-Clause", "https://creativecommons.org/licenses/by/4.0/"
KINDS = {"bool": "Boolean", "int": "Integer", "float": "Float", "str": "Text"}


@dataclass(frozen=True)
class ChapterRun:
    """How one chapter was executed.

    Attributes
    ----------
    id, title : str
    started, ended : str
        ISO 8601, UTC.
    parameters : mapping
        All, as used, folders left out.
    reads : tuple of str
        Earlier chapters.
    code_sha256 : str
        Over its notebook and all rooms it imports.
    folder : str
        Where its notebook is.
    """

    id: str
    title: str
    started: str
    ended: str
    parameters: Mapping[str, Any]
    reads: tuple[str, ...]
    code_sha256: str
    folder: str = "notebooks"


@dataclass(frozen=True)
class RunFacts:
    """What a crate says of a run.

    Attributes
    ----------
    title, name, kind, licence, citation : str
        Of the cohort.
    inputs : mapping of str to str
        File of the cohort folder to its sha256; blank where a blind run does not tell it.
    outputs : mapping of str to str
        File below the output folder to its sha256.
    chapters : sequence of ChapterRun
    sources : sequence of Source
        What the cohort's tables were imported from.
    revision : str
    packages : mapping of str to str
    machine : mapping of str to str
        ``system``, ``processor``, ``python``: the kind of machine, never its name.
    ledger : mapping of str to str
        ``study``, ``doi`` (both blank of a cohort's own claims), ``file``, ``sha256``; empty where chapter 07 was not run.
    who : mapping of str to str
        ``name`` and ``orcid`` of who ran it; empty where nobody said.
    registration : mapping of str to str
        ``date`` and ``sha256``; empty without one.
    sizes : mapping of str to int
        Of outputs, in bytes.
    blind : bool
    events : sequence of mapping
        What earlier crates of this folder noted: unblinding, registrations met. ``name``, ``time``, ``description``.
    """

    title: str
    name: str
    kind: str
    licence: str
    citation: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    chapters: Sequence[ChapterRun]
    sources: Sequence[Source]
    revision: str
    packages: Mapping[str, str]
    machine: Mapping[str, str]
    ledger: Mapping[str, str] = field(default_factory=dict)
    who: Mapping[str, str] = field(default_factory=dict)
    registration: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    blind: bool = False
    events: Sequence[Mapping[str, str]] = ()


def write_crate(output_dir: Path, facts: RunFacts) -> Path:
    """Write the crate of a run beside its book and results, whole or not at all.

    Parameters
    ----------
    output_dir : pathlib.Path
        The root of the crate.
    facts : RunFacts

    Returns
    -------
    pathlib.Path
    """
    graph = build_crate(facts)
    _find(graph, SEAL)["value"] = hash_crate(graph)
    target = output_dir / FILE
    write_atomically(target, json.dumps(graph, ensure_ascii=False, indent=1) + "\n")
    return target


def hash_crate(graph: Mapping[str, Any]) -> str:
    """Return the sha256 of a crate as it is without its own hash."""
    entities = [{**entity, "value": ""} if entity["@id"] == SEAL else entity for entity in graph["@graph"]]
    ordered = json.dumps({**graph, "@graph": entities}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(ordered.encode()).hexdigest()


def build_crate(facts: RunFacts) -> dict[str, Any]:
    """Return the crate of a run as JSON-LD.

    Parameters
    ----------
    facts : RunFacts

    Returns
    -------
    dict

    References
    ----------
    .. [1] Leo S et al. (2024). Recording provenance of workflow runs with RO-Crate. PLoS ONE 19(9):e0309210,
       doi:10.1371/journal.pone.0309210.
    """
    crate = ROCrate(version="1.2")
    ended = max((one.ended for one in facts.chapters), default="1970-01-01T00:00:00+00:00")
    crate.metadata.extra_contexts.append(TERMS)
    who = _add_who(crate, facts.who)
    inputs = _add_inputs(crate, facts)
    kinds = {WORKFLOW: ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"]}
    outputs = {
        name: _add_file(
            crate,
            name,
            sha256,
            kinds.get(name, "File"),
            contentSize=str(facts.sizes.get(name, "")),
            description=_describe_file(name),
        )
        for name, sha256 in facts.outputs.items()
    }
    engine = _add_engine(crate, facts)
    workflow = _add_workflow(crate, facts, who)
    values = {one.id: _add_parameters(crate, workflow, one) for one in facts.chapters}
    given = [*inputs, *(value for some in values.values() for value in some)]
    action = {"agent": who} if who else {}
    run = _add(
        crate, RUN, "CreateAction", name=f"The book run on {facts.title}" + (" (blind)" if facts.blind else ""),
        instrument=workflow, object=given, result=list(outputs.values()), endTime=ended,
        startTime=min((one.started for one in facts.chapters), default=ended), **action,
        actionStatus="http://schema.org/CompletedActionStatus", description=_describe_run(facts),
    )  # fmt: skip
    steps = _add_steps(crate, facts, workflow, values, inputs[0], outputs, action)
    _add(
        crate, "#organize", "OrganizeAction", name="Order of the chapters", instrument=engine, object=steps, result=run,
        startTime=run["startTime"], endTime=ended, **action,
    )  # fmt: skip
    events = [
        _add(crate, f"#event-{i}", "Action", name=one["name"], endTime=one["time"], description=one["description"])
        for i, one in enumerate(facts.events, start=1)
    ]
    _describe_root(crate, facts, ended, who)
    chapters = [crate.dereference(f"#run-{one.id}") for one in facts.chapters]
    crate.root_dataset["mentions"] = [run, *chapters, crate.dereference("#organize"), *events]
    return crate.metadata.generate()


def _add(crate: ROCrate, id: str, kind: str | list[str], /, **properties: Any) -> ContextEntity:
    """Add an entity that is no file."""
    entity = ContextEntity(crate, id, properties={"@type": kind})
    for key, value in properties.items():
        if value not in ("", None, []):
            entity[key] = value[0] if isinstance(value, list) and len(value) == 1 else value
    return crate.add(entity)


def _add_file(
    crate: ROCrate, name: str, sha256: str, /, kind: str | list[str] = "File", **properties: Any
) -> DataEntity:
    plain = name.rsplit("/", 1)[-1].lower()
    suffix = plain[plain.rfind(".") :] if "." in plain else ""
    entity = crate.add(DataEntity(crate, name, properties={"@type": kind, "name": name.rsplit("/", 1)[-1]}))
    for key, value in (
        {"sha256": sha256, "encodingFormat": FORMATS.get(suffix, "application/octet-stream")} | properties
    ).items():
        if value not in ("", None, []):
            entity[key] = value
    return entity


def _describe_file(name: str) -> str:
    said = {
        "results": "Result table, or what its columns mean.",
        "pages": "Executed chapter.",
        "html": "The book, rendered.",
    }
    return said.get(name.split("/")[0], "")


def _add_who(crate: ROCrate, who: Mapping[str, str]) -> ContextEntity | None:
    if not who.get("name"):
        return None
    return _add(crate, who.get("orcid") or "#who", "Person", name=who["name"])


def address_inputs(inputs: Mapping[str, str]) -> str:
    """Return the address below which a crate names the files of a cohort folder that is no part of it.

    Notes
    -----
    An arcp address (app and resource protocol) made of the hashes: the same data are called the same in every crate, and no
    path of a machine is told.
    """
    return f"arcp://uuid,{uuid.uuid5(uuid.NAMESPACE_URL, join_hashes(dict(inputs)))}/"


def _add_inputs(crate: ROCrate, facts: RunFacts) -> list[DataEntity]:
    base = address_inputs(facts.inputs)
    licence = _add_licence(crate, facts)
    made_from = {}
    for i, source in enumerate(facts.sources, start=1):
        about = {"sha256": source.sha256, "description": f"left out: {source.left_out}" if source.left_out else ""}
        entity = _add(
            crate, f"#source-{i}", "CreativeWork", name=source.source, encodingFormat=source.format, creator=source.program,
            dateModified=source.date, **about,
        )  # fmt: skip
        made_from.setdefault(source.file, []).append(entity)
    cohort = crate.add(DataEntity(crate, base, properties={"@type": "Dataset", "name": facts.title}))
    cohort["description"] = f"Cohort folder {facts.name} ({facts.kind} people), {count(len(facts.inputs), 'file')}."
    cohort["license"] = licence
    if facts.citation:
        cohort["creditText"] = facts.citation
    files = []
    for name, sha256 in facts.inputs.items():
        about = {
            "isBasedOn": made_from.get(name, []),
            "description": "A file of the cohort folder, which stays where it is.",
        }
        file = _add_file(crate, base + quote(name), sha256, **about)
        if not sha256:
            file["description"] = "Holds the outcome: its hash is not told by a blind run."
        files.append(file)
    cohort["hasPart"] = files
    given = [cohort, *files]
    if facts.ledger:
        study, doi = facts.ledger["study"], facts.ledger["doi"]
        based = {"isBasedOn": _add(crate, f"https://doi.org/{doi}", "ScholarlyArticle", name=study)} if study else {}
        given.append(
            _add(
                crate, LEDGER, "CreativeWork", name=f"Claims: {facts.ledger['file']}", sha256=facts.ledger["sha256"],
                **based, description="The claims that chapter 07 evaluates, written down beforehand.",
            )
        )  # fmt: skip
    if facts.registration:
        given.append(
            _add(
                crate, "#registration", "CreativeWork", name="preregistration.json", dateCreated=facts.registration["date"],
                sha256=facts.registration["sha256"], description="The registration that this run is held to.",
            )
        )  # fmt: skip
    return given


def _add_licence(crate: ROCrate, facts: RunFacts) -> ContextEntity | str:
    said = facts.licence or ("CC BY 4.0" if facts.kind == "simulated" else "")
    described = said or "No licence is stated in cohort.yml: ask those who hold the data."
    return _add(crate, "#licence-of-the-data", "CreativeWork", name=said or "Not stated", description=described)


def _add_engine(crate: ROCrate, facts: RunFacts) -> ContextEntity:
    packages = [
        _add(crate, url := f"https://pypi.org/project/{name}/{version}/", "SoftwareApplication", name=name, version=version, url=url)
        for name, version in facts.packages.items()
    ]  # fmt: skip
    code = _add(crate, BSD, "CreativeWork", name="BSD 3-Clause License", description="Licence of the code of the book.")
    return _add(
        crate, ENGINE, "SoftwareApplication", name="resilience-book", version=facts.revision, license=code,
        url="https://pypi.org/project/pytask/", description="Decides what is stale and executes the chapters (pytask, papermill).",
        operatingSystem=facts.machine["system"], processorRequirements=facts.machine["processor"],
        runtimePlatform=facts.machine["python"], softwareRequirements=packages,
    )  # fmt: skip


def _add_workflow(crate: ROCrate, facts: RunFacts, who: ContextEntity | None) -> DataEntity:
    workflow = crate.dereference(WORKFLOW)
    language = _add(
        crate, "#workflow-language", "ComputerLanguage", name="YAML", version="1.2", url="https://yaml.org/spec/1.2.2/"
    )
    workflow["name"] = "Chapters of the resilience book, in order"
    workflow["description"] = (
        "What was executed, chapter by chapter: its notebook, whose results it reads, its parameters."
    )
    workflow["programmingLanguage"], workflow["license"] = language, crate.dereference(BSD)
    workflow["version"], workflow["url"] = facts.revision, "https://yaml.org/spec/1.2.2/"
    profile = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
    workflow["conformsTo"] = _add(
        crate, profile, ["CreativeWork", "Profile"], name="ComputationalWorkflow", version="1.0"
    )
    workflow["creator"] = _add(crate, "#maintainers", "Organization", name="The resilience book maintainers")
    crate.root_dataset["mainEntity"] = workflow
    return workflow


def _add_parameters(crate: ROCrate, workflow: DataEntity, chapter: ChapterRun) -> list[ContextEntity]:
    values = []
    for name, value in sorted(chapter.parameters.items()):
        plain = value if isinstance(value, bool | int | float | str) else json.dumps(value)
        stated = _add(
            crate, f"#value-{chapter.id}.{name}", "PropertyValue", name=f"{chapter.id}.{name}", value=plain or '""'
        )
        kind = KINDS.get(type(plain).__name__, "Text")
        formal = _add(
            crate, f"#parameter-{chapter.id}.{name}", "FormalParameter", name=f"{chapter.id}.{name}", additionalType=kind,
            workExample=stated, valueRequired=False,
        )  # fmt: skip
        stated["exampleOfWork"] = formal
        workflow.append_to("input", formal, compact=True)
        values.append(stated)
    return values


def _add_steps(
    crate: ROCrate,
    facts: RunFacts,
    workflow: DataEntity,
    values: Mapping[str, list],
    cohort: DataEntity,
    outputs: Mapping[str, DataEntity],
    agent: Mapping[str, Any],
) -> list[ContextEntity]:
    """Add for each chapter its tool, its place in the book, its action and what started that."""
    controls = []
    for position, one in enumerate(facts.chapters, start=1):
        tool = _add(
            crate, f"#notebook-{one.id}", "SoftwareApplication", name=f"{one.folder}/{one.id}.md",
            version=facts.revision, sha256=one.code_sha256, url="https://jupytext.readthedocs.io",
            description="sha256: over the notebook and all rooms of code that it imports.",
        )  # fmt: skip
        step = _add(crate, f"#step-{one.id}", "HowToStep", name=one.title, position=str(position), workExample=tool)
        made = [e for n, e in outputs.items() if n.startswith((f"results/{one.id}/", f"pages/{one.id}."))]
        read = [e for n, e in outputs.items() if any(n.startswith(f"results/{other}/") for other in one.reads)]
        action = _add(
            crate, f"#run-{one.id}", "CreateAction", name=f"Chapter {one.id}", instrument=tool, startTime=one.started,
            endTime=one.ended, object=[cohort, *values[one.id], *read], result=made,
            actionStatus="http://schema.org/CompletedActionStatus", description=f"{one.title}, executed on {facts.title}.", **agent,
        )  # fmt: skip
        controls.append(
            _add(
                crate, f"#control-{one.id}", "ControlAction", name=f"Run of {one.title}", instrument=step, object=action
            )
        )
        workflow.append_to("step", step, compact=True)
        workflow.append_to("hasPart", tool, compact=True)
    return controls


def _describe_run(facts: RunFacts) -> str:
    said = f"{count(len(facts.chapters), 'chapter')}, code {facts.revision}, {facts.machine['system']} on {facts.machine['processor']}, {facts.machine['python']}."
    return said + (" The groups of this run are permuted: no contrast in it is true." if facts.blind else "")


def _describe_root(crate: ROCrate, facts: RunFacts, ended: str, who: ContextEntity | None) -> None:
    root = crate.root_dataset
    root["name"] = f"The resilience book: {facts.title}" + (" (blind run)" if facts.blind else "")
    people = (
        "simulated people: nothing in it is a finding about anybody" if facts.kind == "simulated" else "real people"
    )
    root["description"] = f"Book and result tables of a run on {people}." + (
        " A blind run: the groups are permuted, and no contrast in it is true." if facts.blind else ""
    )
    root["datePublished"] = ended
    text = _add(crate, CC_BY, "CreativeWork", name="CC BY 4.0", description="Licence of text and figures of the book.")
    root["license"] = text if facts.kind == "simulated" else crate.dereference("#licence-of-the-data")
    root["conformsTo"] = [
        _add(crate, profile, ["CreativeWork", "Profile"], name=name, version=version)
        for profile, (name, version) in PROFILES.items()
    ]
    root["identifier"] = _add(
        crate,
        SEAL,
        "PropertyValue",
        name="sha256 of this file with a blank in place of this value",
        propertyID="sha256",
    )
    if who:
        root["author"] = who
    maintainers = crate.dereference("#maintainers")
    root["publisher"] = who or maintainers


def _find(graph: Mapping[str, Any], name: str) -> dict[str, Any]:
    return next(entity for entity in graph["@graph"] if entity["@id"] == name)

"""pyproject.toml, requirements.lock and environment.yml name the same packages."""

import re
import tomllib

import yaml
from packaging.requirements import Requirement

from helpers.tables import PROJECT_ROOT
from tools.write_environment import list_pins, write_environment


def read_pins(lines):
    requirements = [Requirement(line) for line in lines]
    return {(r.name.lower(), str(r.marker or "")): str(r.specifier) for r in requirements}


def declared():
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
    return [Requirement(line) for line in [*project["dependencies"], *project["optional-dependencies"]["test"]]]


def test_every_declared_package_is_pinned_exactly_and_locked_alike():
    locked = {name: pin for (name, _), pin in read_pins(list_pins()).items()}
    for requirement in declared():
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), f"{requirement} is not pinned"
        assert locked[requirement.name.lower()] == str(requirement.specifier)


def test_environment_installs_the_same_pins():
    text = (PROJECT_ROOT / "environment.yml").read_text()
    assert text == write_environment(), "run: make lock"
    pip = next(entry["pip"] for entry in yaml.safe_load(text)["dependencies"] if isinstance(entry, dict))
    assert pip[-1] == "-e ."
    assert read_pins(pip[:-1]) == read_pins(list_pins())


def test_lock_is_hashed_and_names_no_address():
    text = (PROJECT_ROOT / "requirements.lock").read_text()
    assert "://" not in text
    assert text.count("==") <= text.count("--hash=sha256:")


def test_every_imported_package_is_declared():
    """What src/ imports must be asked for in pyproject.toml, not come along by luck."""
    import ast
    import sys
    from importlib.metadata import packages_distributions

    owners = packages_distributions()
    names = {requirement.name.lower().replace("_", "-") for requirement in declared()}
    for path in sorted((PROJECT_ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            for module in {m.split(".")[0] for m in modules} - set(sys.stdlib_module_names) - {"helpers"}:
                assert {owner.lower().replace("_", "-") for owner in owners[module]} & names, (
                    f"{path.name} imports {module}"
                )

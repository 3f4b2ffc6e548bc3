"""Put what the clone has beside src/ into the package, so that an installed command finds notebooks, data and the book's frame."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
SHIPPED = ("_config.yml", "_toc.yml", "book", "data", "notebooks")


class BuildWithProject(build_py):
    """Copy modules as usual, then the project's files; an editable install reads them where they are."""

    def run(self):
        """Copy everything."""
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib) / "helpers" / "_project"
            shutil.rmtree(target, ignore_errors=True)
            for name in SHIPPED:
                self._ship(ROOT / name, target / name)

    def _ship(self, source: Path, target: Path):
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            shutil.copyfile(source, target)


setup(cmdclass={"build_py": BuildWithProject})

"""What ``make quick`` chooses to try after an edit, and that it ends in time."""

import subprocess
import time

import pytest

from tools.quick import Minute, find_changed, find_tests


@pytest.fixture
def repository(tmp_path):
    for name, text in {
        "src/helpers/people.py": "def count_people():\n    pass\n\n\ndef main():\n    pass\n",
        "src/helpers/brain.py": "def count_edges():\n    pass\n",
        "tests/test_people.py": "from helpers.people import count_people, main\n",
        "tests/test_brain.py": "from helpers.brain import count_edges\nfrom helpers.cli import main\n",
        "tests/test_both.py": "from helpers.people import count_people\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "all")
    return tmp_path


def git(folder, *words):
    subprocess.run(["git", *words], check=True, cwd=folder, capture_output=True)


def test_an_edit_is_tried_by_its_own_examples_and_by_tests_that_name_what_it_defines(repository):
    assert len(find_changed(repository)) == 5  # nothing changed since the commit: the commit itself
    with (repository / "src/helpers/people.py").open("a") as file:
        file.write("\n\ndef name_people():\n    pass\n")
    (repository / "tests/test_new.py").write_text("")
    (repository / "src/helpers/gone.py").write_text("")
    (repository / "src/helpers/gone.py").unlink()
    changed = find_changed(repository)
    assert changed == ["src/helpers/people.py", "tests/test_new.py"]
    assert find_tests(changed, repository) == [*changed, "tests/test_both.py", "tests/test_people.py"]
    assert find_tests(["notebooks/01_cohort.md"], repository) == []


@pytest.mark.parametrize(("seconds", "n_done"), [(-1, 0), (60, 2)])
def test_it_ends_with_the_minute_and_counts_what_was_not_reached(tmp_path, seconds, n_done):
    (tmp_path / f"test_two_{n_done}.py").write_text("def test_one():\n    pass\n\n\ndef test_other():\n    pass\n")
    minute = Minute(time.monotonic() + seconds)
    pytest.main(
        ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", f"--rootdir={tmp_path}", str(tmp_path)], plugins=[minute]
    )
    assert (minute.n_chosen, minute.n_done) == (2, n_done)

"""Write the page that lists all exercises, book/teaching/exercises.md, from data/course/exercises.yml."""

from helpers.course import read_exercises
from helpers.course.exercises import LEVELS
from helpers.run import CHAPTERS
from helpers.tables import PROJECT_ROOT

PAGE = PROJECT_ROOT / "book" / "teaching" / "exercises.md"
OPENING = """\
# All exercises

{n} exercises of {minutes} minutes in all, with {n_wrong} typical wrong answers that are known by name. Each stands near the end of its chapter or
lab, and is checked where it stands: `check_answer` computes what is right from the tables of the cohort at hand, so that
another cohort has other answers.
"""


def write_exercises() -> str:
    """Return the page as MyST."""
    exercises = read_exercises()
    n_wrong = sum(len(one.wrong) for one in exercises.values())
    lines = [OPENING.format(n=len(exercises), minutes=sum(e.minutes for e in exercises.values()), n_wrong=n_wrong)]
    for chapter in CHAPTERS:
        own = [one for one in exercises.values() if one.chapter == chapter.id]
        if not own:
            continue
        lines += [f"## {chapter.title}", "", f"In [the notebook](/notebooks/{chapter.id}).", ""]
        lines += ["| | Exercise | Students can afterwards | Kind | Level | Minutes |", "|---|---|---|---|---|---|"]
        lines += [f"| {e.id} | {e.title} | {e.goal} | {e.activity} | {LEVELS[e.level]} | {e.minutes} |" for e in own]
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(write_exercises(), encoding="utf-8")

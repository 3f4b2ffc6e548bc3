"""The course: exercises checked at once on the cohort at hand, and the quizzes of the pages."""

from helpers.course.blind import answer_claim
from helpers.course.checking import Feedback, check_answer
from helpers.course.exercises import Exercise, read_exercises
from helpers.course.places import open_chapter
from helpers.course.quizzes import Option, Question, read_quizzes, write_quiz

__all__ = [
    "Exercise",
    "Feedback",
    "Option",
    "Question",
    "answer_claim",
    "check_answer",
    "open_chapter",
    "read_exercises",
    "read_quizzes",
    "write_quiz",
]

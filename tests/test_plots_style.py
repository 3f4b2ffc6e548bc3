"""One look: every figure of a simulated cohort says so."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from helpers.contract import load_cohort
from helpers.plots.style import SIMULATED, label_groups, use_style
from tests.support import EXAMPLE


@pytest.fixture
def cohort():
    with mpl.rc_context():
        yield load_cohort(EXAMPLE, blocks=())


def test_every_figure_of_a_simulated_cohort_says_so(cohort):
    use_style(cohort)
    for figure in (plt.figure(), plt.subplots(2, 2)[0]):
        assert SIMULATED in [text.get_text() for text in figure.texts]
        plt.close(figure)


def test_figures_of_real_people_do_not(cohort):
    from dataclasses import replace

    use_style(replace(cohort, settings=replace(cohort.settings, kind="real")))
    figure = plt.figure()
    assert figure.texts == []
    plt.close(figure)


def test_labels_carry_their_n(cohort):
    groups = pd.DataFrame({"group": ["high"] * 3 + ["low"] * 7 + [None]})
    assert label_groups(cohort, groups) == {"high": "High resilience (n=<5)", "low": "Low resilience (n=7)"}

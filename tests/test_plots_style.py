"""One look: every figure of a simulated cohort says so; tables are escaped and have no empty cell."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from helpers.contract import load_cohort
from helpers.plots.style import SIMULATED, label_groups, show_table, use_style
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


def test_table_is_escaped_rounded_and_has_no_empty_cell():
    frame = pd.DataFrame(
        {"<b>": [0.123456, np.nan], "n": [12000, 3], "said": ["<script>", ""]},
        index=pd.Index(["a&b", "c"], name="feature"),
    )
    html = show_table(frame, caption="Two < three", digits=3).data
    for part in ("&lt;b&gt;", "0.123", "12,000", "&lt;script&gt;", "a&amp;b", "Two &lt; three"):
        assert part in html
    assert "<script>" not in html
    assert "<td></td>" not in html


def test_cut_table_says_how_much_there_is():
    assert (
        "First 2 of 5 rows."
        in show_table(pd.DataFrame({"x": range(5)}, index=pd.Index(range(5), name="i")), n_rows=2).data
    )


def test_a_table_does_not_tell_of_a_handful_of_people_but_keeps_other_small_numbers():
    table = pd.DataFrame({"n_high": [4, 13], "n_regions": [2, 3], "estimate": [1.0, 2.0]}, index=["a", "b"])
    shown = show_table(table).data
    assert "<td>&lt;5</td><td>2</td><td>1</td>" in shown and "<td>13</td><td>3</td><td>2</td>" in shown

"""Whatever a test hands to a ``plot_`` function is drawn again at the ends of what can be in it.

The fixture ``drawn_at_extremes`` (in ``conftest.py``, for every test) notes the first call of each ``plot_`` function in a test and
repeats it here with each of ``EXTREMES``; ``test_style`` holds that every ``plot_`` function is called by a test.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
import pkgutil
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

import helpers.plots
from helpers.problems import TooLittle

LONG = "_a*name of $200 characters" * 8
COLUMNS_PX = {358: 9, 690: 11}  # width of the text on a page of 390 px and on a desk -> the least size of type there
Change = Callable[[pd.DataFrame], pd.DataFrame]


PLACES = [import_module(place.name) for place in pkgutil.walk_packages(helpers.plots.__path__, "helpers.plots.")]
PLOTS = {
    made
    for place in PLACES
    for name, made in vars(place).items()
    if name.startswith("plot_") and inspect.isfunction(made)
}


def find_places(module: ModuleType) -> list[ModuleType]:
    """Return where a test module reaches plots: itself and all rooms of plots, or nowhere if it reaches none."""
    reached = [one for one in vars(module).values() if inspect.isfunction(one) or inspect.ismodule(one)]
    return [module, *PLACES] if any(one in PLOTS or one in PLACES for one in reached) else []


class Recorder:
    """Stands in front of the plots while a test runs; keeps a copy of the first outer call of each."""

    def __init__(self):
        self.calls: dict[Callable, tuple[tuple, dict]] = {}
        self._inside = False

    def stand_before(self, function: Callable) -> Callable:
        @functools.wraps(function)
        def noted(*args, **kwargs):
            if self._inside:
                return function(*args, **kwargs)
            given = {name: value for name, value in kwargs.items() if name != "ax"}
            if not any(isinstance(one, Axes) for one in args):
                self.calls.setdefault(function, (copy.deepcopy(args), copy.deepcopy(given)))
            self._inside = True
            try:
                return function(*args, **kwargs)
            finally:
                self._inside = False

        return noted


def _numbers(table: pd.DataFrame) -> list[str]:
    return list(table.columns[[pd.api.types.is_float_dtype(kind) for kind in table.dtypes]])


def _fill(value: float) -> Change:
    def fill(table: pd.DataFrame) -> pd.DataFrame:
        return table.assign().where(~table.columns.isin(_numbers(table))[None, :] | table.isna(), value)

    return fill


def _repeat_first(table: pd.DataFrame) -> pd.DataFrame:
    made = table.copy()
    for name in _numbers(table):
        known = table[name].dropna()
        made[name] = table[name].where(table[name].isna(), known.iloc[0] if len(known) else np.nan)
    return made


def _leave_two(table: pd.DataFrame) -> pd.DataFrame:
    kept = (np.arange(len(table)) < 2)[:, None] | ~table.columns.isin(_numbers(table))[None, :]
    return table.where(kept)


def _lengthen(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(index=lambda name: f"{name}{LONG}" if isinstance(name, str) else name)


NUMBERS: dict[str, Change] = {
    "every number 0 (an effect of exactly 0, all wrong)": _fill(0.0),
    "every number 1 (all right)": _fill(1.0),
    "no variance": _repeat_first,
    "all missing but two": _leave_two,
}
ROWS: dict[str, Change] = {"one row": lambda table: table.iloc[:1], "two rows": lambda table: table.iloc[:2]}
NAMES: dict[str, Change] = {"names of 200 characters": _lengthen}
# What cannot be: shares that are all 1, a criterion or a relation that is blank, a table of other steps than its own, chances on
# another grid than that they were computed on
MISSING = {"all missing but two": _leave_two}
NEVER = {
    "plot_composition": NUMBERS,
    "plot_flow": ROWS | NAMES,
    "plot_leaks": NAMES,
    "plot_scores": ROWS | NAMES,
    "plot_optima": MISSING,
    "plot_loadings": MISSING,
    "plot_circos": MISSING,
    "plot_bands": NAMES,
    "plot_words": NUMBERS | ROWS | NAMES,
}


def count_tables(given: Any) -> int:
    """Return how many tables there are in what was given; several belong together, so that rows of one cannot go."""
    if isinstance(given, pd.Series | pd.DataFrame | np.ndarray):
        return 1
    if dataclasses.is_dataclass(given) and not isinstance(given, type):
        return sum(count_tables(getattr(given, field.name)) for field in dataclasses.fields(given))
    parts = given.values() if isinstance(given, Mapping) else given if isinstance(given, tuple | list) else ()
    return sum(map(count_tables, parts))


def list_extremes(function: Callable, args: tuple, kwargs: dict) -> dict[str, Change]:
    """Return the extremes that what was given to a plot can have."""
    alone = count_tables((args, kwargs)) == 1
    never = NEVER.get(function.__name__, {})
    return {
        what: change for what, change in {**NUMBERS, **(ROWS | NAMES if alone else {})}.items() if what not in never
    }


def change_tables(given: Any, change: Change) -> Any:
    """Return what was given with every table in it changed: in mappings, tuples and data classes too."""
    if isinstance(given, pd.Series):
        return change(given.to_frame("only"))["only"].rename(given.name)
    if isinstance(given, pd.DataFrame):
        return change(given)
    if dataclasses.is_dataclass(given) and not isinstance(given, type):
        fields = {f.name: change_tables(getattr(given, f.name), change) for f in dataclasses.fields(given) if f.init}
        return dataclasses.replace(given, **fields)
    if isinstance(given, Mapping):
        return {name: change_tables(one, change) for name, one in given.items()}
    return tuple(change_tables(one, change) for one in given) if type(given) is tuple else given


def find_small_type(figure: Figure) -> str:
    """Return which type would be too small on a phone or a desk, or of another size than all other type; else nothing."""
    sizes = {text.get_fontsize() for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()}
    for column, least in COLUMNS_PX.items():
        small = [size for size in sizes if size * column / (72 * figure.get_figwidth()) < least]
        if small:
            return f"type of {min(small):g} points is below {least} px in a column of {column} px"
    return "" if len(sizes) <= 1 else f"type has {len(sizes)} sizes: {sorted(sizes)}"


def draw(function: Callable, args: tuple, kwargs: dict, what: str) -> list[str]:
    """Call a plot and draw what it made; return what is wrong: an error, a warning, no room for the data."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            made = function(*args, **kwargs)
            first = np.ravel(made)[0]
            figure = first if isinstance(first, Figure) else first.figure
            figure.canvas.draw()
        wrong = find_small_type(figure)
        room = max(ax.get_window_extent().width for ax in figure.axes) / figure.bbox.width
        wrong = wrong if room > 0.12 else f"the widest panel has {room:.0%} of the width"
    except TooLittle:
        wrong = ""
    except Exception as error:
        wrong = f"{type(error).__name__}: {error}"
    finally:
        plt.close("all")
    return [f"{function.__name__} at an extreme, {what}: {wrong}"] if wrong else []


def draw_at_extremes(recorder: Recorder) -> None:
    """Repeat the noted calls at every extreme."""
    faults = []
    for function, (args, kwargs) in recorder.calls.items():
        for what, change in list_extremes(function, args, kwargs).items():
            changed = change_tables(copy.deepcopy((args, kwargs)), change)
            faults += draw(function, *changed, what)
        if kwargs.get("names"):
            named = {name: f"{called}{LONG}" for name, called in kwargs["names"].items()}
            faults += draw(function, *copy.deepcopy((args, kwargs | {"names": named})), "called in 200 characters")
    assert not faults, "\n".join(faults)

"""Time series in, connectivity out: restless volumes left out, references fitted on training people only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from nilearn.connectome import ConnectivityMeasure
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.covariance import EmpiricalCovariance, LedoitWolf
from sklearn.utils.validation import check_is_fitted

from helpers.brain.connectivity import EDGE_SEPARATOR
from helpers.problems import count, name_some

Kind = Literal["correlation", "partial correlation", "tangent"]
KINDS = ("correlation", "partial correlation", "tangent")
NO_MOTION = "no motion record"
TOO_SHORT = "too few minutes left"
SECONDS = 60


@dataclass(frozen=True, eq=False)
class ScrubbedSeries:
    """Time series without restless volumes, and who was lost by it.

    Attributes
    ----------
    series : dict of str to pandas.DataFrame
        Participant, and the volumes kept x regions.
    volumes : pandas.DataFrame of shape (n_participants, 4)
        Index ``participant_id``, of everyone: ``n_volumes``, ``n_kept``, ``minutes_kept``, and ``reason`` why the
        person was left out (blank: kept).
    max_fd_mm, min_minutes : float
    """

    series: dict[str, pd.DataFrame]
    volumes: pd.DataFrame
    max_fd_mm: float
    min_minutes: float

    @property
    def lost(self) -> pd.Series:
        """How many people were left out, by reason."""
        return self.volumes["reason"].value_counts()

    def to_frame(self) -> pd.DataFrame:
        """Return one row per person, ready for a results table."""
        return self.volumes.copy()


def scrub_series(
    series: Mapping[str, pd.DataFrame],
    fd_mm: Mapping[str, Sequence[float]],
    *,
    tr_s: float,
    max_fd_mm: float,
    n_before: int = 1,
    n_after: int = 2,
    min_minutes: float = 5.0,
) -> ScrubbedSeries:
    """Leave out volumes taken while a person moved, with their neighbours, and people of whom too little is left.

    Parameters
    ----------
    series : mapping of str to pandas.DataFrame
        Participant, and volumes x regions.
    fd_mm : mapping of str to sequence of float
        Framewise displacement (mm) of each volume. NaN, as the first volume often has: taken as still.
        A person without one is left out.
    tr_s : float
        Seconds from one volume to the next.
    max_fd_mm : float
        Volumes above it are left out.
    n_before, n_after : int, default 1 and 2
        Neighbours left out with each, as the signal suffers for longer than the movement.
    min_minutes : float, default 5
        People with fewer minutes left are left out.

    Returns
    -------
    ScrubbedSeries

    Raises
    ------
    ValueError
        When a person's displacements are not as many as the volumes, or negative: all people are named.

    References
    ----------
    .. [1] Power JD, Barnes KA, Snyder AZ, Schlaggar BL, Petersen SE (2012). Spurious but systematic correlations in
       functional connectivity MRI networks arise from subject motion. NeuroImage 59(3):2142-2154.
       doi:10.1016/j.neuroimage.2011.10.018

    Examples
    --------
    Of ten volumes the fifth is restless; with one before and two after it, six are left:

    >>> still = pd.DataFrame({"n1": range(10)})
    >>> fd = [np.nan, 0.1, 0.1, 0.1, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1]
    >>> scrubbed = scrub_series({"sub-1": still}, {"sub-1": fd}, tr_s=2, max_fd_mm=0.5, min_minutes=0.1)
    >>> scrubbed.series["sub-1"]["n1"].tolist(), float(scrubbed.volumes.loc["sub-1", "minutes_kept"])
    ([0, 1, 2, 7, 8, 9], 0.2)
    """
    _check_displacements(series, fd_mm)
    kept, rows = {}, {}
    for person, volumes in series.items():
        still = _find_still(fd_mm[person], max_fd_mm, n_before, n_after) if person in fd_mm else np.zeros(0, bool)
        minutes = still.sum() * tr_s / SECONDS
        reason = NO_MOTION if person not in fd_mm else TOO_SHORT if minutes < min_minutes else None
        rows[person] = (len(volumes), int(still.sum()), minutes, reason)
        if reason is None:
            kept[person] = volumes.loc[still]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["n_volumes", "n_kept", "minutes_kept", "reason"])
    return ScrubbedSeries(kept, table.rename_axis("participant_id"), max_fd_mm, min_minutes)


class SeriesConnectivity(TransformerMixin, BaseEstimator):
    """Connectivity of people from their time series, as a scikit-learn transformer (by nilearn).

    * ``correlation``: Pearson r from the plain sample covariance. (nilearn's own default shrinks it, so that its
      "correlation" is smaller than Pearson's.)
    * ``partial correlation``: of two regions given all others; the covariance is shrunk after Ledoit and Wolf.
    * ``tangent``: difference of a person's shrunk covariance from the mean of the people *fitted on*, along the
      curved space of covariances [1]_. Within a pipeline the mean is that of the training people alone. It is no
      correlation: no Fisher z, no group contrast of single people's edges without saying so.

    Parameters
    ----------
    kind : {"correlation", "partial correlation", "tangent"}, default "correlation"

    Attributes
    ----------
    regions_ : list of str
        Regions seen in ``fit``.
    measure_ : nilearn.connectome.ConnectivityMeasure
        Fitted.

    References
    ----------
    .. [1] Varoquaux G, Baronnet F, Kleinschmidt A, Fillard P, Thirion B (2010). Detection of brain functional-
       connectivity difference in post-stroke patients using group-level covariance modeling. MICCAI 2010.
       doi:10.1007/978-3-642-15705-9_25

    Examples
    --------
    >>> series = [pd.DataFrame({"n1": [1.0, 2.0, 3.0, 4.0], "n2": [1.0, 3.0, 2.0, 4.0]})]
    >>> SeriesConnectivity().fit_transform(series).round(3)
       n1--n2
    0     0.8
    """

    def __init__(self, kind: Kind = "correlation"):
        self.kind = kind

    def fit(self, X: Sequence[pd.DataFrame], y: object = None) -> SeriesConnectivity:
        """Learn the regions and, for ``tangent``, the mean covariance of these people.

        Parameters
        ----------
        X : sequence of pandas.DataFrame, each of shape (n_volumes, n_regions)
        y : ignored

        Returns
        -------
        SeriesConnectivity

        Raises
        ------
        ValueError
            When ``kind`` is unknown, or time series are blank, constant, too short or of other regions: all named.
        """
        if self.kind not in KINDS:
            raise ValueError(f"kind is '{self.kind}'; it must be one of {', '.join(KINDS)}.")
        people = list(X)
        self.regions_ = [str(region) for region in people[0].columns] if people else []
        _check_series(dict(enumerate(people)), self.regions_)
        estimator = EmpiricalCovariance() if self.kind == "correlation" else LedoitWolf(store_precision=False)
        self.measure_ = ConnectivityMeasure(
            cov_estimator=estimator, kind=self.kind, vectorize=False, standardize="zscore_sample"
        )
        self.measure_.fit([person.to_numpy(float) for person in people])
        return self

    def transform(self, X: Sequence[pd.DataFrame]) -> pd.DataFrame:
        """Return the edges of each person.

        Parameters
        ----------
        X : sequence of pandas.DataFrame, each of shape (n_volumes, n_regions)

        Returns
        -------
        pandas.DataFrame of shape (n_people, n_edges)
            Columns ``<region>--<region>``; rows numbered in the order of ``X``.
        """
        check_is_fitted(self)
        people = list(X)
        _check_series(dict(enumerate(people)), self.regions_)
        matrices = self.measure_.transform([person.to_numpy(float) for person in people])
        above = np.triu_indices(len(self.regions_), 1)
        return pd.DataFrame(np.stack(matrices)[:, *above], columns=self.get_feature_names_out())

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """Return the names of the edges."""
        check_is_fitted(self)
        return np.array([EDGE_SEPARATOR.join(pair) for pair in combinations(self.regions_, 2)], object)


def compute_connectivity(
    series: Mapping[str, pd.DataFrame], *, kind: Literal["correlation", "partial correlation"] = "correlation"
) -> pd.DataFrame:
    """Compute each person's connectivity from time series; it depends on nobody else.

    Parameters
    ----------
    series : mapping of str to pandas.DataFrame
        Participant, and volumes x regions.
    kind : {"correlation", "partial correlation"}, default "correlation"
        For ``tangent``, which depends on the people it is fitted on, use :class:`SeriesConnectivity` inside folds.

    Returns
    -------
    pandas.DataFrame of shape (n_participants, n_edges)
        Index ``participant_id``; correlations, ready for :func:`helpers.brain.compare_edges`.

    Raises
    ------
    ValueError
        As :meth:`SeriesConnectivity.fit`, by participant.

    Examples
    --------
    >>> series = {"sub-1": pd.DataFrame({"n1": [1.0, 2.0, 3.0, 4.0], "n2": [4.0, 3.0, 1.0, 2.0]})}
    >>> float(compute_connectivity(series).loc["sub-1", "n1--n2"].round(3))
    -0.8
    """
    if kind == "tangent":
        raise ValueError(
            "The tangent of one person depends on all people fitted on. Use SeriesConnectivity('tangent') inside folds."
        )
    if not series:
        raise ValueError("There is no time series. Were all people left out by scrubbing?")
    _check_series(series, [str(region) for region in next(iter(series.values())).columns])
    edges = SeriesConnectivity(kind).fit_transform(list(series.values()))
    return edges.set_axis(pd.Index(series, name="participant_id"))


def describe_scrubbing(scrubbed: ScrubbedSeries) -> str:
    """Say how many volumes were left out, and how many people for which reason.

    Parameters
    ----------
    scrubbed : ScrubbedSeries

    Returns
    -------
    str
    """
    table = scrubbed.volumes[scrubbed.volumes["reason"] != NO_MOTION]
    left_out = int(table["n_volumes"].sum() - table["n_kept"].sum())
    share = left_out / max(table["n_volumes"].sum(), 1)
    lost = ", ".join(f"{n} for {reason}" for reason, n in scrubbed.lost.items())
    reasons = f"left out: {lost} (at least {scrubbed.min_minutes:g} minutes are needed)" if lost else "nobody is lost"
    return (
        f"{count(left_out, 'volume')} ({share:.0%}) with a framewise displacement above {scrubbed.max_fd_mm:g} mm, or "
        f"next to one, are left out. Of {len(scrubbed.volumes)} people {len(scrubbed.series)} are kept; {reasons}."
    )


def _find_still(fd_mm: Sequence[float], max_fd_mm: float, n_before: int, n_after: int) -> np.ndarray:
    restless = np.flatnonzero(np.asarray(fd_mm, float) > max_fd_mm)
    still = np.ones(len(fd_mm), bool)
    for shift in range(-n_before, n_after + 1):
        near = restless + shift
        still[near[(near >= 0) & (near < len(still))]] = False
    return still


def _check_displacements(series: Mapping[str, pd.DataFrame], fd_mm: Mapping[str, Sequence[float]]) -> None:
    faults = []
    for person in series:
        if person not in fd_mm:
            continue
        fd = np.asarray(fd_mm[person], float)
        if len(fd) != len(series[person]):
            faults.append(f"{person}: {count(len(fd), 'displacement')} for {count(len(series[person]), 'volume')}")
        elif (fd < 0).any():
            faults.append(f"{person}: a displacement of {np.nanmin(fd):g} mm")
    if faults:
        raise ValueError(
            f"Framewise displacements do not fit the time series of {count(len(faults), 'participant')} "
            f"({name_some(faults)}). Expected one value of 0 mm or more per volume; write NaN for a first volume "
            "without one."
        )


def _check_series(series: Mapping[object, pd.DataFrame], regions: Sequence[str]) -> None:
    faults = []
    for person, volumes in series.items():
        values = volumes.to_numpy(float)
        if [str(region) for region in volumes.columns] != list(regions):
            faults.append(f"{person}: other regions, or in another order")
        elif len(values) < 3:
            faults.append(f"{person}: {count(len(values), 'volume')}, at least 3 are needed")
        elif not np.isfinite(values).all():
            holes = volumes.columns[~np.isfinite(values).all(axis=0)]
            faults.append(f"{person}: blank values in {name_some(holes)}")
        elif (np.ptp(values, axis=0) == 0).any():
            faults.append(f"{person}: {name_some(volumes.columns[np.ptp(values, axis=0) == 0])} is constant")
    if len(regions) < 2:
        raise ValueError(
            f"{count(len(regions), 'region')} ({name_some(regions)}); an edge needs two. Give more regions."
        )
    if faults:
        raise ValueError(
            f"Time series of {count(len(faults), 'participant')} cannot be used ({name_some(faults)}). Expected the "
            "same regions in the same order for everyone, without blanks, and none of them constant. Leave those "
            "regions out for everyone, or those people."
        )

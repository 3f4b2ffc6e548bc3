"""Which genera, and which functions of the bacteria, differ: counts in, adjusted contrasts of log-ratios out."""

from __future__ import annotations

import pandas as pd

from helpers.contrasts import fit_contrasts, rank_effects
from helpers.microbiome.counts import check_amounts, collapse_taxa
from helpers.microbiome.equal_depth import choose_depth, expect_logs, expect_presence
from helpers.problems import TooLittle, count, name_some

OTHER = "Other"


def transform_clr(counts: pd.DataFrame, *, pseudocount: float = 0.5, depth: int | None = None) -> pd.DataFrame:
    """Return centred log-ratios: each count against the geometric mean of its sample, all samples equally deep.

    Reads are shares of a sequencing run, not amounts. The log-ratio to the sample's own geometric mean no longer
    depends on how deeply the sample was sequenced [1]_, but for the pseudocount that stands in for zeros: half a read is
    more in a shallow sample. So logarithms are those expected of an equal number of reads of each sample
    (:func:`helpers.microbiome.equal_depth.expect_logs`).

    Parameters
    ----------
    counts : pandas.DataFrame of shape (n_participants, n_features)
        Or shares of each sample.
    pseudocount : float, default 0.5
        Added to every count, because zero has no logarithm. Reads. Of shares, a zero counts as this times the smallest share of the
        table, and the others stay.
    depth : int, optional
        Reads at which samples are compared. None: those of the shallowest; 0: all reads of each, however many.

    Returns
    -------
    pandas.DataFrame
        Same shape; natural logarithms; each row sums to 0. A difference of 0.69 is a doubling.

    References
    ----------
    .. [1] Gloor GB et al. (2017). Microbiome datasets are compositional: and this is not optional. Frontiers in
       Microbiology 8:2224. doi:10.3389/fmicb.2017.02224

    Examples
    --------
    >>> transform_clr(pd.DataFrame({"a": [1], "b": [1]}, index=["sub-001"])).to_numpy().tolist()
    [[0.0, 0.0]]
    """
    if not pseudocount > 0:
        raise ValueError(f"The pseudocount is {pseudocount:g}; it must be above 0, for instance 0.5.")
    logs = log_reads(counts, pseudocount=pseudocount, depth=depth)
    return logs.sub(logs.mean(axis=1), axis=0)


def log_reads(counts: pd.DataFrame, *, pseudocount: float = 0.5, depth: int | None = None) -> pd.DataFrame:
    """Return natural logarithms of counts as expected at equal depth, not centred.

    Parameters
    ----------
    counts : pandas.DataFrame of shape (n_participants, n_features)
    pseudocount, depth
        As in :func:`transform_clr`.
    """
    reads = check_amounts(counts)
    return pd.DataFrame(expect_logs(reads, choose_depth(reads, depth), pseudocount), counts.index, counts.columns)


def compare_taxa(
    counts: pd.DataFrame,
    taxonomy: pd.DataFrame,
    design: pd.DataFrame,
    *,
    min_prevalence: float = 0.1,
    pseudocount: float = 0.5,
    depth: int | None = None,
) -> pd.DataFrame:
    """Contrast the groups on each genus by a linear model of its centred log-ratio.

    One model, declared in advance: in a comparison of 14 methods on 53 data sets, elementary ones, linear regression
    among them, gave the most replicable results [1]_. Counts are added up per genus, genera seen in too few people are dropped, the rest is
    log-transformed and regressed on group and covariates; q-values count all genera tested.

    Parameters
    ----------
    counts : pandas.DataFrame of shape (n_participants, n_taxa)
    taxonomy : pandas.DataFrame
        Index taxon; column genus, and the ranks above it.
    design : pandas.DataFrame
        See :func:`helpers.cohort.design_matrix`; people in both tables are used.
    min_prevalence : float, default 0.1
        Share of these people in whom a genus must be seen at that depth, 0 to 1.
    pseudocount : float, default 0.5
    depth : int, optional
        See :func:`transform_clr`.

    Returns
    -------
    pandas.DataFrame
        Index feature (genus), strongest d first; columns of :func:`helpers.contrasts.fit_contrasts`
        (estimate in natural log units), then prevalence (0-1) and mean_abundance (0-1, share of reads).

    Raises
    ------
    ValueError
        Bad counts, taxa without taxonomy, nobody in both tables, or no genus prevalent enough.

    References
    ----------
    .. [1] Pelto J, Auranen K, Kujala JV, Lahti L (2025). Elementary methods provide more replicable results in
       microbial differential abundance analysis. Briefings in Bioinformatics 26(2):bbaf130.
       doi:10.1093/bib/bbaf130

    Examples
    --------
    >>> counts = pd.DataFrame({"t1": [1, 1, 7, 9], "t2": [7, 9, 1, 1]}, index=list("abcd"))
    >>> taxonomy = pd.DataFrame({"genus": ["Blautia", "Dorea"]}, index=["t1", "t2"])
    >>> design = pd.DataFrame({"group": [0, 0, 1, 1]}, index=list("abcd"))
    >>> bool(compare_taxa(counts, taxonomy, design).loc["Blautia", "estimate"] > 0)
    True
    """
    genera = collapse_taxa(_keep_designed(counts, design), taxonomy, level="genus")
    logs, described = _filter_and_transform(genera, min_prevalence, pseudocount, depth)
    table = fit_contrasts(logs, design).join(described)
    return rank_effects(table)


def compare_functions(
    transcripts: pd.DataFrame,
    features: pd.DataFrame,
    design: pd.DataFrame,
    *,
    min_prevalence: float = 0.1,
    pseudocount: float = 0.5,
    depth: int | None = None,
) -> pd.DataFrame:
    """Contrast the groups on each functional group of transcripts.

    A group's score in a person is the mean centred log-ratio of its transcripts: each transcript counts alike, so
    one abundant transcript cannot speak for its whole group, as it would in a sum of reads. The scores are
    relative: where one group is up, others are down.

    Parameters
    ----------
    transcripts : pandas.DataFrame of shape (n_participants, n_transcripts)
        Raw reads.
    features : pandas.DataFrame
        Index: transcript; column ``group``, its functional group.
    design : pandas.DataFrame
    min_prevalence : float, default 0.1
        Share of people in whom a transcript must be seen at that depth to count, 0 to 1.
    pseudocount : float, default 0.5
    depth : int, optional
        See :func:`transform_clr`.

    Returns
    -------
    pandas.DataFrame
        Index feature (functional group, alphabetical); columns of :func:`helpers.contrasts.fit_contrasts`
        (estimate in natural log units), then n_transcripts.

    Raises
    ------
    ValueError
        Bad counts, transcripts without functional group (named), or nothing prevalent enough.

    Examples
    --------
    >>> reads = pd.DataFrame({"r1": [1, 1, 7, 9], "r2": [7, 9, 1, 1]}, index=list("abcd"))
    >>> features = pd.DataFrame({"group": ["gut_barrier", "other"]}, index=["r1", "r2"])
    >>> design = pd.DataFrame({"group": [0, 0, 1, 1]}, index=list("abcd"))
    >>> table = compare_functions(reads, features, design)
    >>> table["n_transcripts"].to_dict(), bool(table.loc["gut_barrier", "estimate"] > 0)
    ({'gut_barrier': 1, 'other': 1}, True)
    """
    scores, sizes = score_functions(
        transcripts, features, design, min_prevalence=min_prevalence, pseudocount=pseudocount, depth=depth
    )
    return fit_contrasts(scores, design).assign(n_transcripts=sizes)


def score_functions(
    transcripts: pd.DataFrame,
    features: pd.DataFrame,
    design: pd.DataFrame,
    *,
    min_prevalence: float = 0.1,
    pseudocount: float = 0.5,
    depth: int | None = None,
) -> tuple[pd.DataFrame, pd.Series]:
    """Return the score of each functional group in each person of the design, and how many transcripts it rests on.

    Parameters
    ----------
    transcripts, features, design, min_prevalence, pseudocount, depth
        As for :func:`compare_functions`.
    """
    logs = log_prevalent(transcripts, design, min_prevalence=min_prevalence, pseudocount=pseudocount, depth=depth)
    members = match_functions(logs.columns, features)
    scores = logs.T.groupby(members.to_numpy()).mean().T
    return scores, members.value_counts().reindex(scores.columns)


def summarise_composition(
    counts: pd.DataFrame, taxonomy: pd.DataFrame, groups: pd.Series, *, level: str = "phylum", n_top: int = 8
) -> pd.DataFrame:
    """Average the relative abundances of the commonest taxa in each group.

    Parameters
    ----------
    counts : pandas.DataFrame of shape (n_participants, n_taxa)
    taxonomy : pandas.DataFrame
    groups : pandas.Series
        Index participant_id; ``high``, ``low``, or NaN for people in neither.
    level : str, default "phylum"
        Rank at which taxa are added up.
    n_top : int, default 8
        Names kept, by mean share over all these people; the rest is ``Other``.

    Returns
    -------
    pandas.DataFrame of shape (n_groups, n_top + 1)
        Mean share of reads (rows sum to 1) of each group; every person counts alike.

    Examples
    --------
    >>> counts = pd.DataFrame({"t1": [3, 1], "t2": [1, 3]}, index=["a", "b"])
    >>> taxonomy = pd.DataFrame({"phylum": ["Bacillota", "Bacteroidota"]}, index=["t1", "t2"])
    >>> summarise_composition(counts, taxonomy, pd.Series({"a": "high", "b": "low"}), n_top=2).loc["high"].to_dict()
    {'Bacillota': 0.75, 'Bacteroidota': 0.25}
    """
    known = groups.dropna()
    table = collapse_taxa(_keep_designed(counts, known), taxonomy, level=level)
    check_amounts(table)
    shares = table.div(table.sum(axis=1), axis=0)
    top = shares.mean().sort_values(ascending=False, kind="stable").index[:n_top]
    kept = shares[top].copy()
    if len(top) < shares.shape[1]:
        kept[OTHER] = 1 - kept.sum(axis=1)
    return kept.groupby(known.loc[kept.index].to_numpy()).mean().rename_axis("group")


def _keep_designed(counts: pd.DataFrame, design: pd.DataFrame | pd.Series) -> pd.DataFrame:
    people = design.index.intersection(counts.index, sort=False)
    if people.empty:
        raise ValueError("No participant is in both the counts and the groups. Are the ids spelled alike, e.g. sub-01?")
    return counts.loc[people]


def _filter_and_transform(
    counts: pd.DataFrame, min_prevalence: float, pseudocount: float, depth: int | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Drop rare columns, then transform; also return prevalence and mean abundance of what is kept."""
    reads = check_amounts(counts)
    depth = choose_depth(reads, depth)
    prevalence = expect_presence(reads, depth).mean(axis=0)
    kept = (prevalence >= min_prevalence) & (prevalence > 0)
    if kept.sum() < 2:
        raise TooLittle(
            f"{count(int(kept.sum()), 'column')} of {reads.shape[1]:,} seen in {min_prevalence:.0%} of people or more; "
            "log-ratios need two. Lower min_prevalence."
        )
    shares = (reads / reads.sum(axis=1, keepdims=True)).mean(axis=0)
    described = pd.DataFrame({"prevalence": prevalence, "mean_abundance": shares}, index=counts.columns)
    logs = expect_logs(reads, depth, pseudocount)[:, kept]
    logs -= logs.mean(axis=1, keepdims=True)
    return pd.DataFrame(logs, index=counts.index, columns=counts.columns[kept]), described[kept]


def log_prevalent(
    counts: pd.DataFrame,
    design: pd.DataFrame,
    *,
    min_prevalence: float = 0.1,
    pseudocount: float = 0.5,
    depth: int | None = None,
) -> pd.DataFrame:
    """Return centred log-ratios of the features that enough people of the design have.

    Parameters
    ----------
    counts : pandas.DataFrame of shape (n_participants, n_features)
    design : pandas.DataFrame
    min_prevalence, pseudocount, depth
        As in :func:`compare_functions`.

    Raises
    ------
    ValueError
        Bad counts, nobody in both tables, or fewer than two features prevalent enough.
    """
    return _filter_and_transform(_keep_designed(counts, design), min_prevalence, pseudocount, depth)[0]


def match_functions(transcripts: pd.Index, features: pd.DataFrame) -> pd.Series:
    """Return the functional group of each transcript.

    Raises
    ------
    ValueError
        When there is no column ``group``, or transcripts without one (named).
    """
    if "group" not in features.columns:
        raise ValueError("features.tsv has no column 'group': name the functional group of each transcript there.")
    members = features["group"].reindex(transcripts)
    if members.isna().any():
        missing = members.index[members.isna()]
        raise ValueError(
            f"{count(len(missing), 'transcript')} without a functional group: {name_some(missing)}. "
            "Fill the column 'group' of features.tsv; 'other' is allowed."
        )
    return members

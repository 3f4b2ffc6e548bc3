"""Results of the integration said in sentences that hold whatever the cohort."""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.comparisons import tell_better
from helpers.integration.baselines import COVARIATES
from helpers.integration.continuous import OutcomeNull, OutcomePerformance
from helpers.integration.continuous_summary import ALL_BLOCKS
from helpers.integration.permutation_test import PermutationNull
from helpers.integration.splsda import BlockSPLSDA
from helpers.integration.summary import CHANCE, STEADY, VOTE
from helpers.integration.validation import IntegrationPerformance
from helpers.intervals import tell_shuffled_p
from helpers.least import find_shortage
from helpers.problems import count, name_some
from helpers.wording import as_code, as_text

NO_AUC = "Each fold is one person, and no two people were held out together: there is no AUC to compare."
FROM_FOLDS = "intervals from the spread between folds, corrected for the people they share"


def describe_performance(result: IntegrationPerformance) -> str:
    """Return how the vote does on people it has not seen, beside its baseline, chance and its training figure."""
    table = result.performance
    vote = table.loc[VOTE]
    auc = f", an AUC of **{_interval(table, VOTE, 'auc', 'auc')}**" if has_auc(table) else ""
    text = (
        f"In people the model had not seen, the vote errs with a balanced error of "
        f"**{_interval(table, VOTE, 'balanced_error', 'balanced_error')}** (chance 0.50){auc}. On the people it was fitted on, the same "
        f"model shows an AUC of {vote['auc_training']:.2f}. "
    )
    if COVARIATES in table.index:
        text += (
            f"The covariates alone reach a balanced error of "
            f"{_interval(table, COVARIATES, 'balanced_error', 'balanced_error')} in the same folds. "
        )
    if result.n_repeats > 1:
        text += (
            f"With other folds of the same people, 95 % of repeats fall between "
            f"{vote['balanced_error_repeat_low']:.2f} and {vote['balanced_error_repeat_high']:.2f}. "
        )
    samples = f" with {result.n_samples} samples" if result.n_samples != result.n_participants else ""
    return text + f"({result.n_participants} people{samples}, {_say_folds(result)}; {FROM_FOLDS}.)"


def compare_adjustment(
    adjusted: IntegrationPerformance, plain: IntegrationPerformance, harmonised: IntegrationPerformance | None = None
) -> pd.DataFrame:
    """Set what the blocks tell beyond the covariates beside what they tell in all.

    Parameters
    ----------
    adjusted, plain : IntegrationPerformance
        Of the same people; the first with covariates taken out of every feature.
    harmonised : IntegrationPerformance, optional
        From :func:`helpers.integration.validate_harmonised`.

    Returns
    -------
    pandas.DataFrame
        Index block, vote and "covariates only"; AUC out of fold with its interval, adjusted, plain and, where there is one, harmonised.
    """
    columns = {"auc": "auc_{}", "auc_low": "auc_{}_low", "auc_high": "auc_{}_high"}
    rows = [name for name in adjusted.performance.index if name in (*adjusted.model.blocks_, VOTE, COVARIATES)]
    sides = {"adjusted": adjusted.performance, "plain": plain.performance}
    sides |= {} if harmonised is None else {"harmonised": harmonised.performance}
    tables = [
        table[list(columns)].rename(columns={old: new.format(side) for old, new in columns.items()}).reindex(rows)
        for side, table in sides.items()
    ]
    return pd.concat(tables, axis=1)


def describe_adjustment(table: pd.DataFrame) -> str:
    """Say how much of what the vote tells goes with the covariates.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`compare_adjustment`.
    """
    vote = table.loc[VOTE]
    if np.isnan(vote["auc_adjusted"]):
        return NO_AUC
    text = (
        f"Beyond the covariates the vote reaches an AUC of {vote['auc_adjusted']:.2f}; with them left in the features, "
        f"{vote['auc_plain']:.2f}."
    )
    if COVARIATES in table.index:
        text += f" The covariates alone, without brain or gut, reach {table.loc[COVARIATES, 'auc_adjusted']:.2f}."
    if "auc_harmonised" in table:
        text += f" With studies harmonised by ComBat inside the folds, in place of the study as a covariate, {vote['auc_harmonised']:.2f}."
    return text


def has_auc(performance: pd.DataFrame) -> bool:
    """Whether people of both groups were held out together, so that an AUC could be counted."""
    return bool(performance.loc[performance["role"] == "block", "auc"].notna().any())


def count_groups(result: IntegrationPerformance) -> list[int]:
    """Return the participants of each group."""
    sizes = result.performance.filter(regex="^n_").drop(columns=["n_features", "n_steady"])
    return sizes.iloc[0].astype(int).tolist()


def describe_rivals(result: IntegrationPerformance) -> str:
    """Return how simpler models do in the same folds, and whether the integration does better than the best of them."""
    baselines = result.performance[result.performance["role"] == "baseline"]
    if baselines.empty:
        return "No simpler model was run in the same folds."
    best, vote = baselines["balanced_error"].idxmin(), result.performance.loc[VOTE, "balanced_error"]
    texts = [f"{name} {baselines.loc[name, 'balanced_error']:.2f}" for name in baselines.index]
    difference = vote - baselines.loc[best, "balanced_error"]
    verdict = "errs less than all of them" if difference < 0 else f"errs no less than the best of them ({best})"
    return (
        f"In the same folds, simpler models reach a balanced error of: {', '.join(texts)}. The vote, at {vote:.2f}, "
        f"{verdict}: the difference to {best} is {difference:+.2f}. The best of {len(baselines)} is picked after the fact, "
        "so a small difference either way is luck."
    )


def describe_calibration(result: IntegrationPerformance, *, scorer: str = VOTE) -> str:
    """Return how far the probabilities of held-out participants can be taken at their word."""
    if result.calibration.empty:
        return "No probabilities were learned (calibrate=False)."
    if reason := find_shortage("calibration_curve", *count_groups(result)):
        return reason
    table = result.calibration
    row, chance = table.loc[scorer], table.loc[CHANCE, "brier"]
    low, high = result.performance.loc[scorer, ["brier_low", "brier_high"]].astype(float)
    better = tell_better(low, high, than=chance, smaller_is_better=True)
    text = (
        f"The probabilities of the {scorer} have a Brier score of {row['brier']:.3f}, {better} the {chance:.3f} of giving "
        f"everyone the share of the group. Calibration intercept {_interval(table, scorer, 'intercept', 'intercept')}, right at 0"
    )
    if np.isnan(row["slope"]):
        return text + "; the slope cannot be told, as the probabilities do not vary or part the groups without error."
    return text + (
        f"; slope {_interval(table, scorer, 'slope', 'slope')}, right at 1, below 1 too sure, at 0 uninformative. "
        "The intervals count people once and do not refit models."
    )


def describe_choices(result: IntegrationPerformance) -> str:
    """Return what was chosen inside the folds, and whether covariates were taken out of the features."""
    if result.adjusted_for:
        adjusted = (
            f"Every feature was replaced by its residual on {', '.join(map(as_text, result.adjusted_for))}, regressed "
            "in the training set: what these share with the groups is taken from the blocks. "
        )
    else:
        adjusted = "The features were not adjusted for covariates: what age, sex or study share with the groups is in the blocks. "
    if not result.searched:
        return adjusted + "The counts of features kept and the links between blocks were fixed beforehand."
    choices, texts = result.choices, []
    if "keep" in result.searched:
        for column in choices.columns[3:]:
            block, component = column.rsplit("_comp", 1)
            often = choices[column].value_counts().sort_index()
            kept = ", ".join(f"{n} ({times} times)" for n, times in often.items())
            texts.append(f"{as_text(block)} on component {component}: {kept}")
    if "design" in result.searched:
        often = choices["design"].value_counts()
        texts.append(f"links: {', '.join(f'{design} ({times} times)' for design, times in often.items())}")
    return adjusted + f"Chosen anew inside each of {len(choices)} training sets, {'; '.join(texts)}."


def describe_inside_folds(result: IntegrationPerformance) -> str:
    """Return what happened inside the folds: features dropped, cells left blank, fits that did not settle."""
    n_models = result.n_folds * result.n_repeats
    return (
        f"Inside a fold, at most {count(result.n_dropped_most, 'feature')} fell away (too rare, constant or never "
        f"observed in the training set) and at most {count(result.n_blank_most, 'cell')} were blank and left out of the sums; "
        f"{result.n_unconverged} of {n_models} fold models reached the limit of sweeps."
    )


def describe_stability(result: IntegrationPerformance) -> str:
    """Return how alike the fold models' selections are, block by block."""
    blocks = result.performance[result.performance["role"] == "block"].dropna(subset=["stability"])
    texts = [f"{as_text(block)} {_interval(blocks, block, 'stability', 'stability')}" for block in blocks.index]
    return (
        f"Stability of the features selected (Nogueira's index, 1 always the same, 0 as by chance): {'; '.join(texts)}. "
        "Fold models share most of their people, so the intervals are too narrow for another cohort."
        if texts
        else "The fold models keep all features, so there is no selection whose stability could be told."
    )


def describe_ranking(result: IntegrationPerformance, *, block: str = "transcripts") -> str:
    """Return where a block ranks among the blocks, by honest and by training AUC."""
    blocks = result.performance[result.performance["role"] == "block"]
    if block not in blocks.index:
        return f"This cohort has no {block}: their rank cannot be read."
    if not has_auc(blocks):
        return NO_AUC
    row, n = blocks.loc[block], len(blocks)
    lead = (
        f" Their lead over the best other block is {_interval(blocks, block, 'lead', 'lead')} in AUC." if n > 1 else ""
    )
    return (
        f"By AUC out of fold, {block} rank {int(row['rank'])} of {n} (AUC "
        f"{_interval(blocks, block, 'auc', 'auc')}).{lead} By training AUC they rank "
        f"{int(row['rank_training'])} of {n} (AUC {row['auc_training']:.2f}). First by AUC out of fold: "
        f"{blocks['auc'].idxmax()}; by training AUC: {blocks['auc_training'].idxmax()}; "
        f"most features: {blocks['n_features'].idxmax()}."
    )


def describe_outcome(result: OutcomePerformance, null: OutcomeNull | None = None) -> str:
    """Return how well the outcome is predicted in people the model has not seen, beside baselines and chance."""
    table, row = result.performance, result.performance.loc[ALL_BLOCKS]
    baselines = table.index[table["role"] == "baseline"]
    text = (
        f"In people the model had not seen, all blocks together explain a share of "
        f"**{row['q2']:.2f}** (95 % interval {row['q2_low']:.2f} to {row['q2_high']:.2f}) of the variance of "
        f"{as_text(result.outcome)} (Q²; 0 is no better than giving everyone the mean, below 0 worse); on the people it was fitted on, "
        f"{row['q2_training']:.2f}. Predicted and measured correlate with r = {row['r']:.2f}. "
    )
    if len(baselines):
        texts = [f"{name} {table.loc[name, 'q2']:.2f}" for name in baselines]
        text += f"In the same folds, Q² is: {', '.join(texts)}. "
    if null is not None:
        text += (
            f"With the outcome permuted {null.n_permutations} times, Q² reaches "
            f"{np.percentile(null.null[ALL_BLOCKS], 97.5):.2f} or more in 2.5 % of permutations ({tell_shuffled_p(null.p_value[ALL_BLOCKS], null.n_permutations)}). "
        )
    return text + (f"({result.n_participants} people, {_say_folds(result)}; {FROM_FOLDS}.)")


def describe_null(null: PermutationNull) -> str:
    """Return where the voted error lies among permuted groups."""
    within = f" within {as_text(null.within)}" if null.within else ""
    each = f", {null.n_repeats} repeats each" if null.n_repeats > 1 else ""
    same = f"the mean of their first {null.n_repeats} repeats" if null.n_repeats > 1 else "their first repeat"
    low, high = np.percentile(null.null[VOTE], [2.5, 97.5])
    within += f", their tie with {name_some(map(as_text, null.kept_with))} kept," if null.kept_with else ""
    return (
        f"With the groups permuted{within} {null.n_permutations} times{each}, the voted balanced error falls between "
        f"{low:.2f} and {high:.2f} in 95 % of permutations: that much is luck. The real groups give "
        f"{null.observed[VOTE]:.2f}, {same} ({tell_shuffled_p(null.p_value[VOTE], null.n_permutations)}; the smallest p that "
        f"{null.n_permutations} permutations can give is {1 / (1 + null.n_permutations):.3f})."
    )


def describe_optima(model: BlockSPLSDA) -> str:
    """Return how many optima the starting signs lead to, and how much they disagree on the features."""
    several = model.optima_[model.optima_["optimum"] > 1]
    if several.empty:
        return "Whatever the signs of its starting vectors, each component ends in the same optimum."
    texts = []
    for row in several.to_dict("records"):
        best = model.optima_.query("component == @row['component'] and optimum == 1")["criterion"].iloc[0]
        shared = ", ".join(f"{row[f'shared_{block}']:.0%} of {as_text(block)}" for block in model.blocks_)
        texts.append(
            f"{row['component']}, optimum {row['optimum']}: criterion {row['criterion']:.2f} instead of {best:.2f}; of the "
            f"features of either, both keep {shared}."
        )
    head = f"The starting signs lead to more than one optimum on {several['component'].nunique()} of {model.n_components} components."
    return " ".join([head, *texts, "The largest criterion is kept."])


def describe_features(result: IntegrationPerformance, null: PermutationNull, *, n_named: int = 5) -> str:
    """Return the steady features of component 1, for blocks that have more of them than chance would give.

    A feature is named when 80 % or more of the fold models select it and its block has more such features
    per repeat than 95 % of the shuffles. Nothing is named of a block that keeps half of its features or more,
    where every selection is frequent.
    """
    texts = []
    for block in result.model.blocks_:
        rows = result.loadings[result.loadings["block"] == block]
        steady = rows[rows["frequency_comp1"] >= STEADY]
        found, limit = result.performance.loc[block, "n_steady"], null.n_steady[block].quantile(0.95)
        text = (
            f"- {block}: {found:.1f} features per repeat are that frequent, {null.n_steady[block].mean():.1f} with "
            f"permuted groups (95 % of permutations: {limit:.0f} or fewer). "
        )
        if 2 * len(rows) >= result.performance.loc[block, "n_features"]:
            text += "Not named, as the model keeps half of this block or more."
        elif found <= limit or steady.empty:
            text += "Not named, as chance gives as many."
        else:
            text += f"Named: {', '.join(as_code(name) for name in steady.index[:n_named])}."
        texts.append(text)
    head = f"Features of component 1 that {STEADY:.0%} or more of the fold models select:"
    return "\n".join([head, "", *texts])


def _say_folds(result: IntegrationPerformance | OutcomePerformance) -> str:
    if result.n_folds == result.n_participants:
        return "one left out at a time"
    return f"{result.n_folds} folds, {count(result.n_repeats, 'repeat')}"


def _interval(table: pd.DataFrame, row: str, estimate: str, stem: str) -> str:
    values = table.loc[row, [estimate, f"{stem}_low", f"{stem}_high"]].astype(float)
    return "{:.2f} (95 % interval {:.2f} to {:.2f})".format(*values).replace("-", "−")

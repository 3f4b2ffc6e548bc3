"""Answers to the exercises of the labs."""

from __future__ import annotations

from helpers.course.answers.base import Answer, answers, choose
from helpers.course.places import Shelf


@answers("L1.1")
def _leak_of_filter(shelf: Shelf) -> Answer:
    """Answer: What does filtering before the split cost?"""
    runs = shelf.result("lab_leakage", "leaks").query("arena == 'noise' and switch == 'filter'")
    honest, leaky = runs["error_honest"].mean(), runs["error_leaky"].mean()
    return Answer(
        honest - leaky,
        {
            "sign": leaky - honest,
            "leaky_for_gap": leaky,
            "honest_for_gap": honest,
            "chance_for_honest": 0.5 - leaky,
            "auc_for_error": runs["auc_leaky"].mean() - runs["auc_honest"].mean(),
            "best_run": (runs["error_honest"] - runs["error_leaky"]).max(),
        },
    )


@answers("L1.2")
def _harmless_leak(shelf: Shelf) -> Answer:
    """The switch that changes the error least on noise, beside those of typical suspects."""
    runs = shelf.result("lab_leakage", "leaks").query("arena == 'noise'")
    gap = runs.groupby("switch")[["error_honest", "error_leaky"]].mean()
    size = (gap["error_honest"] - gap["error_leaky"]).abs().sort_values()
    middle = [name for name in ("filter", "impute", "duplicates") if name != size.index[0]]
    return Answer(
        size.index[:1], {"largest_for_smallest": size.index[-1:], **{f"named_{name}": [name] for name in middle}}
    )


@answers("L1.3")
def _below_half(shelf: Shelf) -> Answer:
    """Answer: An error of 0.35 on noise."""
    return choose("b", better_than_chance="a", more_folds_cure="c", noise_gives_half_exactly="d")


@answers("L2.1")
def _number_of_starts(shelf: Shelf) -> Answer:
    """Answer: How many starts?"""
    starts = shelf.result("lab_optima", "starts").query("component == 1 and start != 'reference'")
    n_blocks = len(starts["start"].iloc[0])
    return Answer(
        2 ** (n_blocks - 2),
        {
            "one_sign_each": 2 ** (n_blocks - 1),
            "all_blocks_as_before": len(starts) if len(starts) != 2 ** (n_blocks - 1) else 2**n_blocks,
            "blocks_for_signs": n_blocks - 1,
            "one_optimum": 1,
        },
    )


@answers("L2.2")
def _how_many_optima(shelf: Shelf) -> Answer:
    """Answer: How many optima?"""
    starts = shelf.result("lab_optima", "starts").query("component == 2 and start != 'reference'")
    return Answer(
        int(starts["optimum"].nunique()),
        {
            "starts_for_optima": len(starts),
            "blocks_for_optima": len(starts["start"].iloc[0]),
            "sweeps_for_optima": int(starts["n_sweeps"].max()),
            "components": 2 if starts["optimum"].nunique() != 2 else None,
        },
    )


@answers("L2.3")
def _larger_criterion(shelf: Shelf) -> Answer:
    """Answer: Which optimum is right?"""
    return choose("c", criterion_as_truth="a", sign_as_error="b", average_of_optima="d")


@answers("L3.1")
def _all_specifications(shelf: Shelf) -> Answer:
    """Answer: The middle of the curve."""
    row = shelf.result("lab_multiverse", "claims").loc["C01"]
    return Answer(
        row["median"],
        {
            "sign": -row["median"],
            "declared_for_median": row["declared"],
            "end_of_bar": row["median_low"],
            "other_end": row["median_high"],
            "p_as_effect": row["p_median"],
        },
    )


@answers("L3.2")
def _decisive_choice(shelf: Shelf) -> Answer:
    """Answer: Which decision matters most?"""
    table = shelf.result("lab_multiverse", "influence")
    own = table.loc[["C06"]].set_index("decision").sort_values("variance_share")
    others = list(own.index[:-1])[::-1]
    named = {f"rank_{rank}": [name] for rank, name in enumerate(others[:2], start=2)}
    return Answer([own.index[-1]], {"least_for_most": [own.index[0]], **named})


@answers("L3.3")
def _many_specifications(shelf: Shelf) -> Answer:
    """Answer: Ninety per cent of the specifications agree."""
    return choose("d", specifications_as_tests="a", share_as_probability="b", best_specification="c")


@answers("L4.1")
def _gain_over_plain(shelf: Shelf) -> Answer:
    """Answer: What is gained over a plain model?"""
    row = shelf.result("lab_prediction", "known").loc["KIM, ridge"]
    return Answer(
        100 * (row["share_predicted"] - row["share_plain"]),
        {
            "sign": 100 * (row["share_plain"] - row["share_predicted"]),
            "relative_for_points": 100 * (row["share_predicted"] / row["share_plain"] - 1),
            "share_itself": 100 * row["share_predicted"],
            "other_baseline": 100 * (row["share_predicted"] - row["share_known"]),
            "mean_for_share": 100 * (row["mean"] - row["mean_plain"]),
        },
    )


@answers("L4.2")
def _lost_on_the_way(shelf: Shelf) -> Answer:
    """Answer: What is lost on the way to another cohort?"""
    table = shelf.result("lab_prediction", "transfer").dropna(subset=["spearman_home", "spearman"])
    home, away = table["spearman_home"].median(), table["spearman"].median()
    return Answer(
        home - away,
        {
            "sign": away - home,
            "home_only": home,
            "away_only": away,
            "best_metabolite": table["spearman_home"].max() - table["spearman"].max(),
            "ratio": away / home,
        },
    )


@answers("L4.3")
def _stools_or_people(shelf: Shelf) -> Answer:
    """Answer: Ten stools of one person."""
    return choose("a", samples_as_people="b", more_data_is_better="c", random_is_fair="d")

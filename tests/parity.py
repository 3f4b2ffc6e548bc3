"""Compare the integration with numbers of the reference implementation, fit by fit and rate by rate.

The synthetic fits lie in ``tests/data``. The others rest on data of breast tumours that are not part of the project: they
are compared where the numbers lie beside the mirror of open data (``<mirror>/../../oracle``).
"""

from __future__ import annotations

import gzip
import json
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.cli import MIRROR_VARIABLE
from helpers.integration import BlockSPLS, BlockSPLSDA
from helpers.integration.fold_preprocessing import fit_splits, fold_blocks
from helpers.integration.folds import FoldSettings, Split
from helpers.integration.prediction import predict_many
from helpers.integration.reference import auroc_as_reference, perf_as_reference
from helpers.integration.tuning import balance_repeats, choose_point, score_grid

SYNTHETIC = Path(__file__).parent / "data" / "oracle_synth"
DISTANCES = {"centroids": "centroids.dist", "max": "max.dist", "mahalanobis": "mahalanobis.dist"}
DISTANCES_BACK = {their: own for own, their in DISTANCES.items()}
TUMOURS = ("mRNA", "miRNA", "protein")
TUMOUR_FITS = {
    "tcga_vignette": {},
    "tcga_vignette_tight": {},
    "tcga_dense": {},
    "tcga_design_full": {"design": "full"},
    "tcga_scaleFALSE": {},
    "tcga_keepX1": {},
    "tcga_2class": {},
    "tcga_2class_tight": {},
    "tcga_missing": {},
    "tcga_split": {},
}
SYNTHETIC_FITS = ("synth_2class", "synth_2class_tight", "synth_3class", "synth_3class_tight", "synth_3class_missing")
SINGLE_FITS = ("single_splsda", "single_plsda")
TOLERANCE, TIGHT_TOLERANCE = 1e-6, 1e-8


@dataclass(frozen=True)
class Compared:
    """One fit or validation against the reference."""

    name: str
    start: str  # recorded: the reference's own first vectors; reference: ours, signed by its rule
    what: str
    largest_difference: float
    n_classes: int
    n_classes_differing: int

    @property
    def tolerance(self) -> float:
        """What the largest difference may be."""
        return TIGHT_TOLERANCE if self.name.endswith("_tight") else TOLERANCE


def find_oracle() -> Path | None:
    """Return the folder of reference numbers, or None where it is not at hand."""
    mirror = os.environ.get(MIRROR_VARIABLE)
    folder = Path(mirror).resolve().parents[1] / "oracle" if mirror else None
    return folder if folder is not None and folder.is_dir() else None


def read_json(path: Path) -> dict:
    """Read one file of reference numbers."""
    with gzip.open(path, "rt") as file:
        return json.load(file)


def as_array(matrix: dict, dtype: type = float) -> np.ndarray:
    """Return a matrix of the reference's files."""
    return np.array(matrix["row_major"], dtype).reshape(matrix["dim"])


def punch_holes(blocks: dict[str, pd.DataFrame], rows: int, columns: int, modulus: int) -> dict[str, pd.DataFrame]:
    """Blank the cells where (rows * i + columns * j + number of the block) is a multiple of the modulus; i, j from 1."""
    punched = {}
    for number, (name, block) in enumerate(blocks.items(), start=1):
        i, j = np.arange(1, len(block) + 1)[:, None], np.arange(1, block.shape[1] + 1)
        punched[name] = block.mask((rows * i + columns * j + number) % modulus == 0)
    return punched


Fitted = tuple[dict, dict[str, pd.DataFrame], pd.Series, dict[str, pd.DataFrame]]


def compare_synthetic(name: str, start: str) -> Compared:
    """Compare a fit on generated data."""
    return _compare(name, *read_synthetic(name), start)


def read_synthetic(name: str) -> Fitted:
    """Return the reference's numbers of a fit on generated data, blocks and classes to fit on, and new people."""
    rows = np.arange(60)
    held_out = (rows + 1) % 4 == 0
    whole = {b: pd.read_csv(SYNTHETIC / f"small_{b}.tsv", sep="\t", index_col=0) for b in "abc"}
    groups = pd.read_csv(SYNTHETIC / "small_y.tsv", sep="\t", index_col=0)["y2" if "2class" in name else "y3"]
    blocks = {b: frame[~held_out] for b, frame in whole.items()}
    if name.endswith("missing"):
        blocks = punch_holes(blocks, 7, 13, 29)
    new = {b: frame[held_out] for b, frame in whole.items()}
    return read_json(SYNTHETIC / f"{name}.json.gz"), blocks, groups[~held_out], new


def read_tumours(oracle: Path) -> tuple[dict[str, pd.DataFrame], pd.Series, dict[str, pd.DataFrame], pd.Series]:
    """Return blocks and subtypes to fit on, and the same of the held-out tumours."""
    folder = oracle / "tcga_data"
    train = {b: pd.read_csv(folder / f"train_{b}.tsv.gz", sep="\t", index_col=0) for b in TUMOURS}
    test = {b: pd.read_csv(folder / f"test_{b}.tsv.gz", sep="\t", index_col=0) for b in TUMOURS[:2]}
    subtypes = [pd.read_csv(folder / f"{part}_y.tsv", sep="\t", index_col=0).iloc[:, 0] for part in ("train", "test")]
    return train, subtypes[0], test, subtypes[1]


def compare_tumours(oracle: Path, name: str, start: str) -> Compared:
    """Compare a fit on the tumours."""
    return _compare(name, *read_tumour_fit(oracle, name), start, **TUMOUR_FITS.get(name, {}))


def read_tumour_fit(oracle: Path, name: str) -> Fitted:
    """Return the reference's numbers of a fit on the tumours, blocks and subtypes to fit on, and new tumours."""
    blocks, subtypes, new, new_subtypes = read_tumours(oracle)
    numbers = read_json(oracle / "models" / f"{name}.json.gz")
    if "2class" in name:
        kept, new_kept = subtypes.index[subtypes != "Her2"], new_subtypes.index[new_subtypes != "Her2"]
        blocks = {b: frame.loc[kept] for b, frame in blocks.items()}
        new, subtypes = {b: frame.loc[new_kept] for b, frame in new.items()}, subtypes[kept]
    if name == "tcga_missing":
        blocks, new = punch_holes(blocks, 7, 13, 41), punch_holes(new, 5, 11, 43)
    if name == "tcga_split":
        held = numbers["prediction"]["newdata_rows"]
        new = {b: frame.loc[held] for b, frame in blocks.items()}
        blocks, subtypes = {b: frame.drop(index=held) for b, frame in blocks.items()}, subtypes.drop(index=held)
    if name in SINGLE_FITS:
        blocks, new = {"mRNA": blocks["mRNA"]}, {"mRNA": new["mRNA"]}
    return numbers, blocks, subtypes, new


def _compare(
    name: str,
    numbers: dict,
    blocks: dict[str, pd.DataFrame],
    groups: pd.Series,
    new: dict[str, pd.DataFrame],
    start: str,
    **settings: object,
) -> Compared:
    model = fit_as(numbers, blocks, groups, start, **settings)
    differences = list(_differ_in_fit(model, numbers, list(blocks)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = list(_differ_in_prediction(model, numbers["prediction"], new))
    return Compared(
        name,
        start,
        "fit, predictions, votes",
        max(*differences, *(difference for difference, _, _ in found)),
        sum(n for _, n, _ in found),
        sum(wrong for _, _, wrong in found),
    )


def fit_as(
    numbers: dict, blocks: dict[str, pd.DataFrame], groups: pd.Series, start: str, **settings: object
) -> BlockSPLSDA:
    """Fit with the settings of the reference's fit, from its own first vectors ("recorded") or as `start` says."""
    names, n_components = list(blocks), int(np.ravel(numbers["ncomp"])[0])
    keep = numbers["keepX"] if isinstance(numbers["keepX"], dict) else None
    keep = {names[0]: numbers["keepX"]} if isinstance(numbers["keepX"], list) else keep
    return BlockSPLSDA(
        n_components,
        keep=keep,
        scale=bool(numbers["scale"]),
        tol=numbers["tol"],
        max_iter=numbers["max_iter"],
        start=_read_starts(numbers, names) if start == "recorded" else start,
        **settings,
    ).fit(blocks, groups)


def _read_starts(numbers: dict, names: list[str]) -> dict[int, dict[str, list[float]]]:
    return {h: dict(zip([*names, "Y"], vectors, strict=True)) for h, vectors in enumerate(numbers["init"], start=1)}


def _differ_in_fit(model: BlockSPLSDA, numbers: dict, names: list[str]) -> Iterator[float]:
    theirs = dict.fromkeys(names, "X") if "X" in numbers["loadings"] else {b: b for b in names}
    for block, other in theirs.items():
        yield _largest(model.loadings_[block], as_array(numbers["loadings"][other]))
        yield _largest(model.scores_[block], as_array(numbers["variates"][other]))
        yield _largest(model.explained_variance_.loc[block], np.array(numbers["prop_expl_var"][other], float))
    if isinstance(numbers["weights"], dict) and "dim" in numbers["weights"]:
        yield _largest(model.block_weights_.loc[names], as_array(numbers["weights"])[: len(names)])
    if numbers["crit"]:
        yield _largest(model.criterion_, np.array([sweeps[-1] for sweeps in numbers["crit"]]))
    yield float(np.any(model.n_iter_.to_numpy() != np.ravel(numbers["iter"])))


def _differ_in_prediction(
    model: BlockSPLSDA, expected: dict, new: dict[str, pd.DataFrame]
) -> Iterator[tuple[float, int, int]]:
    """Yield the largest difference in numbers, how many classes were compared, and how many differ."""
    several = isinstance(expected["predict"], dict)
    for depth in range(1, model.n_components + 1):
        for distance, their in DISTANCES.items():
            found = model.predict_blocks(new, distance=distance, n_components=depth)
            for block, response in found.responses.items():
                theirs = expected["predict"][block] if several else expected["predict"]
                yield _largest(response, as_array(theirs[depth - 1])), 0, 0
                classes = expected["class"][their][block] if several else expected["class"][their]
                yield 0.0, *_count_differing(found.classes[block], as_array(classes, object)[:, depth - 1])
            if several:
                for vote, key in ((found.weighted_vote, "WeightedVote"), (found.majority_vote, "MajorityVote")):
                    yield 0.0, *_count_differing(vote, as_array(expected[key][their], object)[:, depth - 1])
    for block, scores in found.scores.items():
        theirs = expected["variates"][block] if several else expected["variates"]
        yield _largest(scores, as_array(theirs)), 0, 0
    if several:
        yield _largest(found.vote_weights, np.array(expected["vote_weights"], float)), 0, 0


def _count_differing(found: pd.Series, expected: np.ndarray) -> tuple[int, int]:
    own = found.astype(object).where(found.notna(), None).to_numpy()
    return len(own), int((own != expected).sum())


def _largest(found: object, expected: np.ndarray) -> float:
    return float(np.abs(np.asarray(found, float) - expected).max())


def compare_outcomes(oracle: Path, start: str) -> Compared:
    """Compare the fit that explains proteins by two other blocks."""
    numbers = read_json(oracle / "models" / "blockspls_protein_response.json.gz")
    whole, _, new, _ = read_tumours(oracle)
    blocks = {b: whole[b] for b in TUMOURS[:2]}
    model = BlockSPLS(
        2,
        keep={"mRNA": [10, 10], "miRNA": [8, 8]},
        keep_outcomes=[5, 5],
        design="full",
        tol=numbers["tol"],
        max_iter=numbers["max_iter"],
        start=_read_starts(numbers, list(blocks)) if start == "recorded" else start,
    ).fit(blocks, whole["protein"])
    differences = [
        _largest(mine[block], as_array(numbers[theirs][block]))
        for mine, theirs in ((model.loadings_, "loadings"), (model.scores_, "variates"))
        for block in (*blocks, "Y")
    ]
    for depth in (1, 2):
        for block, response in model.predict_blocks(new, n_components=depth).items():
            differences.append(_largest(response, as_array(numbers["prediction"]["predict"][block][depth - 1])))
    name = "blockspls_protein_response"
    return Compared(name, start, "loadings, scores and predictions of measured outcomes", max(differences), 0, 0)


AUC_FITS = (*SYNTHETIC_FITS, *TUMOUR_FITS)
VALIDATIONS = ("perf_3class_5fold_nrep3", "perf_3class_loo")


def compare_aucs(oracle: Path | None, name: str) -> Compared:
    """Compare the AUC on training data, and its p-value, of one fit."""
    if name in SYNTHETIC_FITS:
        numbers, blocks, groups, _ = read_synthetic(name)
    else:
        numbers, blocks, groups, _ = read_tumour_fit(oracle, name)
    model = fit_as(numbers, blocks, groups, "recorded", **TUMOUR_FITS.get(name, {}))
    found = auroc_as_reference(model, blocks, groups)
    differences = []
    for block, of_block in numbers["auroc"].items():
        for h, table in enumerate(of_block.values(), start=1):
            own = found.loc[(block, h)]
            differences += [
                _largest(own["auc"], as_array(table)[:, 0]),
                _largest(own["p_value"], as_array(table)[:, 1]),
            ]
    return Compared(name, "recorded", "AUC of the training set and its p-value, to 4 digits", max(differences), 0, 0)


def compare_perf(oracle: Path, name: str) -> list[Compared]:
    """Compare all that the reference's validation reports, on its own folds."""
    numbers = read_json(oracle / "perf" / f"{name}.json.gz")
    blocks, subtypes, _, _ = read_tumours(oracle)
    draws = numbers["folds_1based"] or [[[person] for person in range(1, len(subtypes) + 1)]]
    found = perf_as_reference(
        blocks,
        subtypes,
        model=BlockSPLSDA(2, keep=_vignette_keep()),
        folds=[[[person - 1 for person in fold] for fold in draw] for draw in draws],
    )
    differences = {
        "error rates by class, overall and balanced, their SDs": max(_differ_in_rates(numbers, found.summary)),
        "weights of blocks in every fold": _differ_in_weights(numbers, found.weights),
        "selection frequency of every feature": max(_differ_in_stability(numbers, found.stability)),
    }
    if numbers["auc"] is not None:
        theirs = np.concatenate([as_array(table) for table in numbers["auc"].values()])
        differences["AUC of the training set, mean over folds"] = _largest(found.auc, theirs)
    compared = [Compared(name, "reference", what, largest, 0, 0) for what, largest in differences.items()]
    if numbers["choice_ncomp"]["WeightedVote"] is not None:
        compared.append(
            Compared(name, "reference", "number of components chosen", 0.0, *_count_choices(numbers, found))
        )
    return compared


VOTES = {
    "MajorityVote": "majority_vote",
    "WeightedVote": "weighted_vote",
    "AveragedPredict": "averaged_predict",
    "WeightedPredict": "weighted_predict",
}
ROWS = {"Overall.ER": "overall", "Overall.BER": "balanced"}


def _differ_in_rates(numbers: dict, summary: pd.DataFrame) -> Iterator[float]:
    rates = summary.set_index(["by", "distance", "component", "of"])
    for distance, their in DISTANCES.items():
        for block in TUMOURS:
            for row, own in zip(
                as_array(numbers["error_rate_per_class"][block][their]),
                numbers["error_rate_per_class"][block][their]["rows"],
                strict=True,
            ):
                yield from (abs(rates.loc[(block, distance, h, own), "error"] - r) for h, r in enumerate(row, start=1))
        for vote in ("MajorityVote", "WeightedVote"):
            for what, key in (("error", "error_rate"), ("sd", "error_rate_sd")):
                if numbers[f"{vote}_{key}"] is not None:
                    yield from _differ_in_votes(numbers[f"{vote}_{key}"][their], rates[what], VOTES[vote], distance)
    for vote in ("AveragedPredict", "WeightedPredict"):
        yield from _differ_in_votes(numbers[f"{vote}_error_rate"], rates["error"], VOTES[vote], "max")


def _differ_in_votes(table: dict, rates: pd.Series, by: str, distance: str) -> Iterator[float]:
    for row, of in zip(as_array(table), table["rows"], strict=True):
        yield from (abs(rates[(by, distance, h, ROWS.get(of, of))] - value) for h, value in enumerate(row, start=1))


def _differ_in_weights(numbers: dict, weights: pd.DataFrame) -> float:
    keys = {"rep": "repeat", "fold": "fold", "block": "block"}
    theirs = pd.DataFrame(numbers["weights"]).rename(columns=keys).set_index(list(keys.values()))
    theirs = theirs.set_axis(theirs.index.set_levels(theirs.index.levels[0].astype(int), level=0))
    own = weights.set_index(list(keys.values()))
    return _largest(own.loc[theirs.index, ["comp1", "comp2"]], theirs[["comp1", "comp2"]].to_numpy(float))


def _differ_in_stability(numbers: dict, stability: pd.DataFrame) -> Iterator[float]:
    own = stability.set_index(["repeat", "block", "component"])
    for number, repeat in enumerate(numbers["stability"].values(), start=1):
        for block, components in repeat.items():
            for h, table in enumerate(components.values(), start=1):
                theirs = pd.Series(np.ravel(table["freq"]), np.ravel(table["name"]), dtype=float)
                ours = own.loc[[(number, block, h)]].set_index("feature")["frequency"]
                yield float(ours.sub(theirs, fill_value=0.0).abs().max())


def _count_choices(numbers: dict, found: object) -> tuple[int, int]:
    own = found.n_components.set_index(["by", "distance", "of"])["n_components"]
    pairs = []
    for vote, by in VOTES.items():
        table = numbers["choice_ncomp"][vote]
        their = [DISTANCES_BACK[d] for d in table["cols"]] if vote.endswith("Vote") else ["max"]
        for row, of in zip(as_array(table), table["rows"], strict=True):
            pairs += [(own[(by, distance, ROWS[of])], value) for distance, value in zip(their, row, strict=True)]
    return len(pairs), sum(int(ours != value) for ours, value in pairs)


def compare_validation(oracle: Path, name: str) -> Compared:
    """Compare error rates of a cross-validation on the reference's own folds, for all distances, depths and votes."""
    numbers = read_json(oracle / "perf" / f"{name}.json.gz")
    arrays, codes, settings = _prepare_tumours(oracle, BlockSPLSDA(2, keep=_vignette_keep(), start="reference"))
    draws = numbers["folds_1based"] or [[[person] for person in range(1, len(codes) + 1)]]
    splits = _split(draws, codes)
    labels = np.stack([split.codes for split in splits])
    fits = fit_splits(fold_blocks(arrays, splits, settings), labels, settings)
    differences = []
    for distance, their in DISTANCES.items():
        for depth in (1, 2):
            found = predict_many(fits, fits.plain, [0, 1, 2], codes=labels, distance=distance, depth=depth)
            for q, block in enumerate(TUMOURS):
                rates = numbers["error_rate"][block]
                wrong = _collect(found.classes[q], splits, codes, len(draws)).mean()
                differences.append(abs(wrong - as_array(rates)[depth - 1, rates["cols"].index(their)]))
            for weighted, key in ((True, "WeightedVote_error_rate"), (False, "MajorityVote_error_rate")):
                rates = numbers[key][their]
                wrong = _collect(found.count_votes(3, weighted=weighted), splits, codes, len(draws))
                balanced = np.mean([wrong[:, codes == k].mean() for k in range(3)])
                for row, rate in (("Overall.ER", wrong.mean()), ("Overall.BER", balanced)):
                    differences.append(abs(rate - as_array(rates)[rates["rows"].index(row), depth - 1]))
    return Compared(name, "reference", "error rates on the same folds", max(differences), 0, 0)


def compare_tuning(oracle: Path) -> Compared:
    """Compare every error of a grid on the reference's own folds, and the counts chosen."""
    name = "tune_3class_BER_weighted"
    numbers = read_json(oracle / "perf" / f"{name}.json.gz")
    errors = as_array(numbers["error_rate"])
    points = np.array([[int(count) for count in row.split("_")] for row in numbers["error_rate"]["rows"]])
    n_draws = len(numbers["folds_1based"]) // 2
    chosen: list[np.ndarray] = []
    differences = []
    for h in range(2):
        arrays, codes, settings = _prepare_tumours(oracle, BlockSPLSDA(h + 1, start="reference"))
        splits = _split(numbers["folds_1based"][h * n_draws : (h + 1) * n_draws], codes)
        fixed = [np.tile(np.array([at[q] for at in chosen], np.intp), (len(splits), 1)) for q in range(3)]
        wrong = score_grid(fold_blocks(arrays, splits, settings), splits, settings, points=points, fixed=fixed)
        found = balance_repeats(wrong, codes, len(splits) // n_draws).mean(axis=1)
        differences.append(np.abs(found - errors[:, h]).max())
        sizes = [values.shape[1] for values in arrays]
        chosen.append(points[choose_point(found, np.zeros_like(found), points, sizes, rule="minimum")])
    theirs = [numbers["choice_keepX"][block] for block in TUMOURS]
    differing = int((np.array(theirs) != np.array(chosen).T).sum())
    return Compared(
        name, "reference", "error of every grid point, and the counts chosen", max(differences), 6, differing
    )


def _prepare_tumours(oracle: Path, model: BlockSPLSDA) -> tuple[list[np.ndarray], np.ndarray, FoldSettings]:
    blocks, subtypes, _, _ = read_tumours(oracle)
    codes = np.unique(subtypes.to_numpy(), return_inverse=True)[1]
    arrays = [blocks[name].to_numpy(float) for name in TUMOURS]
    return arrays, codes, FoldSettings(model, list(TUMOURS), {}, "centroids", True)


def _vignette_keep() -> dict[str, list[int]]:
    return {"mRNA": [6, 14], "miRNA": [5, 18], "protein": [9, 5]}


def _split(draws: list, codes: np.ndarray) -> list[Split]:
    held = [np.sort(np.array(fold)) - 1 for draw in draws for fold in draw]
    return [Split(np.setdiff1d(np.arange(len(codes)), test), test, codes) for test in held]


def _collect(classes: np.ndarray, splits: list[Split], codes: np.ndarray, n_draws: int) -> np.ndarray:
    """Return who was wrong when held out: (draws, people)."""
    wrong = np.zeros((n_draws, len(codes)))
    n_folds = len(splits) // n_draws
    for i, split in enumerate(splits):
        wrong[i // n_folds, split.test] = classes[i, split.test] != codes[split.test]
    return wrong


def compare_all(oracle: Path | None) -> list[Compared]:
    """Compare all there is."""
    starts = ("recorded", "reference")
    compared = [compare_synthetic(name, start) for name in SYNTHETIC_FITS for start in starts]
    if oracle is None:
        return compared
    compared += [compare_tumours(oracle, name, start) for name in (*TUMOUR_FITS, *SINGLE_FITS) for start in starts]
    compared += [compare_outcomes(oracle, "recorded")]
    compared += [compare_aucs(oracle, name) for name in AUC_FITS]
    compared += [compare_validation(oracle, name) for name in VALIDATIONS]
    compared += [one for name in VALIDATIONS for one in compare_perf(oracle, name)]
    return [*compared, compare_tuning(oracle)]

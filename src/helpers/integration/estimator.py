"""What block sparse PLS models share: settings read by block name, fitting, scores of new people, named results."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from helpers.integration.batched_fits import Array, BatchedBlock, Ints
from helpers.integration.checks import (
    RESPONSE,
    check_columns,
    check_same_people,
    read_design,
    refuse_constant_features,
    refuse_infinite_cells,
    take_people,
)
from helpers.integration.fitting import (
    ExhaustedBlock,
    ManyFits,
    Response,
    Starter,
    fit_many,
    start_all_signs,
    start_as_reference,
)
from helpers.integration.iteration import SAME_OPTIMUM, Starts, State
from helpers.problems import count, name_some


class BlockModel(BaseEstimator):
    """Base of :class:`BlockSPLSDA` and :class:`BlockSPLS`; see there."""

    def __init__(
        self,
        n_components: int = 2,
        *,
        keep: Mapping[str, Sequence[int]] | None = None,
        design: float | str | pd.DataFrame = 0.1,
        scale: bool = True,
        tol: float = 1e-6,
        max_iter: int = 100,
        start: str | Mapping[int, Mapping[str, Sequence[float]]] | None = None,
    ) -> None:
        self.n_components = n_components
        self.keep = keep
        self.design = design
        self.scale = scale
        self.tol = tol
        self.max_iter = max_iter
        self.start = start

    def transform(self, blocks: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        """Return each block's scores for new people: people x components, on the scale of `scores_`."""
        return self.predict_blocks(blocks).scores

    def selected(self, component: int) -> pd.DataFrame:
        """Return the features kept on a component (from 1): block, feature, loading; largest first."""
        check_is_fitted(self, "fit_")
        if not 1 <= component <= self.n_components:
            raise ValueError(f"component is {component}; this model has 1 to {self.n_components}.")
        tables = []
        for block in self.blocks_:
            loading = self.loadings_[block].iloc[:, component - 1]
            loading = loading[loading != 0].sort_values(key=np.abs, ascending=False, kind="stable")
            tables.append(pd.DataFrame({"block": block, "feature": loading.index, "loading": loading.array}))
        return pd.concat(tables, ignore_index=True)

    def fit_folds(
        self,
        names: list[str],
        blocks: list[BatchedBlock],
        fold: Ints,
        response: Response,
        keep: list[Ints] | None = None,
        grid: list[Ints] | None = None,
    ) -> ManyFits:
        """Fit one model per run on blocks sorted by name; leaves the estimator unchanged.

        Parameters
        ----------
        names : list of str
        blocks : list of BatchedBlock
        fold : numpy.ndarray of int, shape (r,)
        response : Response
        keep : list of numpy.ndarray of int, shape (r, components), optional
            Per block; by default the estimator's own for every run.
        grid : list of numpy.ndarray of int, shape (g,), optional
            Per block: what one more component keeps, see :func:`helpers.integration.fitting.fit_many`.
        """
        sizes = [block.shape[1] for block in blocks]
        self._check_settings(names, sizes, int(blocks[0].train[fold].sum(axis=1).min()))
        if keep is None:
            keep = self.read_keep(names, sizes, len(fold))
        try:
            return fit_many(
                blocks,
                fold,
                response,
                keep=[*keep, *self._keep_response(len(fold), response.values.shape[2])],
                design=self._design_matrix(names),
                tol=self.tol,
                max_iter=self.max_iter,
                starter=self._starter(names),
                grid=grid,
            )
        except ExhaustedBlock as error:
            block = [*names, RESPONSE][error.position]
            raise ValueError(
                f"Component {error.component} cannot be computed: nothing is left of block {block} after "
                f"the components before it. Ask for fewer components (n_components={error.component - 1})."
            ) from error

    def _fit_all(self, blocks: Mapping[str, pd.DataFrame], ids: pd.Index, names: list[str], response: Response) -> None:
        arrays = {name: take_people(blocks[name], ids) for name in names}
        refuse_infinite_cells(arrays)
        refuse_constant_features(arrays, blocks)
        everyone = np.ones((1, len(ids)), bool)
        folded = [BatchedBlock(arrays[name], everyone, scale=self.scale) for name in names]
        self.blocks_ = names
        self.n_features_in_ = {name: blocks[name].shape[1] for name in names}
        self.fit_ = self.fit_folds(names, folded, np.zeros(1, np.intp), response)
        self._frame_results({name: blocks[name].columns for name in names}, ids)
        self._warn_unconverged()

    def _plain_scores(self, blocks: Mapping[str, pd.DataFrame]) -> tuple[list[int], pd.Index, list[Array]]:
        """Return which blocks were given, the people, and their products with the loadings per block."""
        check_is_fitted(self, "fit_")
        names = [name for name in self.blocks_ if name in blocks]
        if not names:
            raise ValueError(f"None of the blocks given is one of the model's: {name_some(self.blocks_)}.")
        if absent := [name for name in self.blocks_ if name not in blocks]:
            warnings.warn(f"No {name_some(absent)} for these people: the other blocks vote.", stacklevel=4)
        ids, plain = blocks[names[0]].index, []
        for name in names:
            wanted = self.loadings_[name].index
            check_same_people(blocks[name].index, ids, name, names[0])
            if len(lost := wanted.difference(blocks[name].columns)):
                raise ValueError(f"Block {name} lacks {count(len(lost), 'feature')} of the model: {name_some(lost)}.")
            check_columns(blocks[name].loc[:, blocks[name].columns.isin(wanted)], name)
            values = blocks[name].loc[ids, wanted].to_numpy(float)
            refuse_infinite_cells({name: values})
            position = self.blocks_.index(name)
            new = self.fit_.blocks[position].standardise_new(values)
            plain.append((new @ self.fit_.loadings[position][0])[None])
        return [self.blocks_.index(name) for name in names], ids, plain

    @property
    def _components(self) -> list[str]:
        return [f"comp{h + 1}" for h in range(self.n_components)]

    def _frame_results(self, features: dict[str, pd.Index], ids: pd.Index) -> None:
        fit, parts, components = self.fit_, [*self.blocks_, RESPONSE], pd.Index(self._components)
        rows = {**features, RESPONSE: pd.Index(self._response_names)}
        self.loadings_ = {
            part: pd.DataFrame(w[0], rows[part], components) for part, w in zip(parts, fit.loadings, strict=True)
        }
        self.scores_ = {part: pd.DataFrame(t[0], ids, components) for part, t in zip(parts, fit.scores, strict=True)}
        self.block_weights_ = pd.DataFrame(fit.weigh_blocks()[0], self.blocks_, components)
        self.explained_variance_ = pd.DataFrame(fit.explain_variance(), parts, components)
        self.criterion_ = pd.Series(fit.criterion[0], components, name="criterion")
        self.n_iter_ = pd.Series(fit.n_sweeps[0], components, name="n_iter")
        self.converged_ = pd.Series(fit.converged[0], components, name="converged", dtype=bool)
        self.optima_ = self._frame_optima()

    def _frame_optima(self) -> pd.DataFrame:
        """Return the distinct optima that the starts of each component ended in, the largest criterion first."""
        columns = ["component", "optimum", "criterion", *(f"shared_{name}" for name in self.blocks_)]
        rows = []
        for h, ends in enumerate(self.fit_.baselines):
            order = [] if ends is None else np.argsort(-ends.criterion, kind="stable")
            kept: list[int] = []
            for run in order:
                near = [abs(ends.criterion[run] - ends.criterion[k]) for k in kept]
                if not near or min(near) > SAME_OPTIMUM * abs(ends.criterion[run]):
                    kept.append(int(run))
            for place, run in enumerate(kept, start=1):
                shared = [self._share(w[kept[0]] != 0, w[run] != 0) for w in ends.loadings[: len(self.blocks_)]]
                rows.append([self._components[h], place, ends.criterion[run], *shared])
        return pd.DataFrame(rows, columns=columns)

    @staticmethod
    def _share(one: Array, other: Array) -> float:
        """Return the share of the features of either that both keep."""
        return float((one & other).sum() / max((one | other).sum(), 1))

    def _warn_unconverged(self) -> None:
        parts = [*self.blocks_, RESPONSE]
        for h in np.flatnonzero(~self.converged_.to_numpy()):
            component = self._components[h]
            warnings.warn(
                f"{component}: still moving after {self.n_iter_[component]} sweeps, most of all block "
                f"{parts[self.fit_.moving[0, h]]}; raise max_iter "
                f"(now {self.max_iter}) or keep fewer features.",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _check_settings(self, names: list[str], sizes: list[int], n_people: int) -> None:
        if self.n_components < 1:
            raise ValueError(f"n_components is {self.n_components}; expected 1 or more.")
        for name, size in zip(names, sizes, strict=True):
            limit = min(n_people - 1, size)
            if self.n_components > limit:
                raise ValueError(
                    f"n_components is {self.n_components}, but block {name} ({n_people} people, "
                    f"{size} features) allows {limit} at most."
                )

    def read_keep(self, names: list[str], sizes: list[int], n_runs: int) -> list[Ints]:
        """Return the counts to keep, per block (runs, components); a block that `keep` does not name keeps all."""
        keep = dict(self.keep or {})
        if unknown := sorted(set(keep) - set(names)):
            raise ValueError(f"keep names {name_some(unknown)}; the blocks are {name_some(names)}.")
        for name, counts in keep.items():
            if np.ndim(counts) != 1 or len(counts) != self.n_components or min(counts) < 1:
                raise ValueError(
                    f"keep[{name!r}] is {counts}; expected {self.n_components} counts of 1 or more, one per component."
                )
        counts = [keep.get(name, [size] * self.n_components) for name, size in zip(names, sizes, strict=True)]
        return [np.tile(np.array(own, np.intp), (n_runs, 1)) for own in counts]

    def _keep_response(self, n_runs: int, n_columns: int) -> list[Ints]:
        return []

    def _design_matrix(self, names: list[str]) -> Array:
        links = read_design(self.design, names)
        if np.ndim(links) == 0:
            links, between = np.ones((len(names) + 1,) * 2), links
            links[:-1, :-1] = between
        np.fill_diagonal(links, 0.0)
        return links

    def _starter(self, names: list[str]) -> Starter:
        if self.start is None:
            return start_all_signs
        if isinstance(self.start, str):
            if self.start != "reference":
                raise ValueError(f"start is {self.start!r}; expected None, 'reference' or vectors.")
            return start_as_reference
        return lambda state, h: Starts(np.arange(len(state.response)), self._given_starts(state, h, names))

    def _given_starts(self, state: State, h: int, names: list[str]) -> list[Array]:
        given, starts = self.start.get(h + 1, {}), []
        sizes = [*(block.block.shape[1] for block in state.blocks), state.response.shape[2]]
        for name, size in zip([*names, RESPONSE], sizes, strict=True):
            vector = np.asarray(given.get(name, []), float)
            if vector.shape != (size,) or not vector.any():
                raise ValueError(
                    f"start[{h + 1}][{name!r}] has shape {vector.shape}; expected {size} numbers, not all 0."
                )
            starts.append(np.tile(vector / np.linalg.norm(vector), (len(state.response), 1)))
        return starts

"""Cohort folders drawn from the contract itself: any subset of files and columns, whatever it allows, noise inside.

One seed is one cohort. What a column may hold, which files there are and what each needs is read from
``data/schema/cohort.yml``; the shapes that the contract allows beside that (formats, orientation, missing cells, odd sizes)
are drawn here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import biom
import nibabel
import numpy as np
import pandas as pd
import yaml
from biom.util import biom_open

from helpers.contract import list_items, read_schema

LABELS = ("case", "control"), ("a_b *c*", "d & <e>"), ("1", "0"), ("krank ü", "gesund é")
OTHER_AGES = (0, 4), (6, 18), (60, 121)
RANKS = ("domain", "phylum", "class", "order", "family")
NETWORKS = ("Reward", "Somatomotor", "Visual", "*odd* network_1", "n")
GROUPS = ("genetic_propagation", "environmental_adaptation", "energy_metabolism", "anti_inflammation", "other", "a|b")
MNI, ELSEWHERE = np.diag([12.0, 12, 12, 1]), np.diag([2.0, 2, 2, 1])
MNI[:3, 3] = [-90, -126, -72]
ELSEWHERE[:3, 3] = [300, 300, 300]


def write_cohort(folder: Path, seed: int) -> Path:
    """Write the cohort of a seed.

    Parameters
    ----------
    folder : pathlib.Path
        Made; must not exist.
    seed : int

    Returns
    -------
    pathlib.Path
    """
    return _Writer(folder, np.random.default_rng(seed), np.random.default_rng([seed, 2])).write()


class _Writer:
    def __init__(self, folder: Path, rng: np.random.Generator, more: np.random.Generator):
        self.folder, self.rng = folder, rng
        self.scale: dict[str, str] = {}
        self.more = more  # for what version 2 added, so that what a seed drew before stays
        n = int(rng.choice([20, 21, int(rng.integers(22, 45)), int(rng.integers(45, 61))]))
        stem = rng.choice(["sub-{:03d}", "{}", "P{:02d}x", "s_{:d}.a"])
        self.ids = pd.Index([stem.format(i + 1) for i in range(n)], name="participant_id")
        self.high = np.zeros(n, bool)
        self.high[rng.choice(n, int(rng.integers(10, n - 9)), replace=False)] = True

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def write(self) -> Path:
        self.folder.mkdir(parents=True)
        outcome, people = self._draw_outcome()
        people |= self._draw_people()
        table = pd.DataFrame(people, self.ids)
        settings: dict[str, Any] = {"name": "generated", "title": "A *generated* cohort_1", "outcome": outcome}
        settings["kind"] = str(self.rng.choice(["real", "simulated"], p=[0.8, 0.2]))
        offered = [name for name in ("age", "sex", "bmi", "education_years", "site_label") if name in table]
        settings["covariates"] = [name for name in offered if self.chance(0.5)]
        if "study" in table and self.chance(0.7):
            settings["batch"] = "study"
        if self.chance(0.3):
            settings["labels"] = {"high": "*Up* (1)", "low": "Down_under"}
        if self.chance(0.2):
            settings["small_cell"] = int(self.rng.integers(1, 11))
        if "age" in table and self.more.random() < 0.3:
            settings["age_range"] = [0, 120]
        self._draw_questionnaires(outcome)
        settings |= self._draw_blocks()
        settings |= {"scale": self.scale} if self.scale else {}
        if self.more.random() < 0.3:
            self._draw_further()
        table = self._blank(table, [c for c in table if c not in (outcome.get("column"), settings.get("batch"))], 0.04)
        self._save(table, "participants.tsv")
        (self.folder / "cohort.yml").write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
        return self.folder

    def _draw_people(self) -> dict[str, np.ndarray]:
        rng, n = self.rng, len(self.ids)
        columns = {
            "age": rng.integers(18, 101, n) if self.more.random() < 0.6 else self._draw_other_ages(),
            "sex": np.where(rng.random(n) < rng.choice([0.5, 0.95, 1.0]), "F", "M"),
            "bmi": rng.uniform(15, 45, n).round(1),
            "education_years": rng.integers(8, 21, n),
            "site_label": rng.choice(["north", "south_1", "*east*"], n),
        }
        chosen = {name: cells for name, cells in columns.items() if self.chance(0.6)}
        if self.chance(0.5):
            study = np.arange(n) % 3 if self.chance(0.5) else np.zeros(n, int)
            chosen["study"] = np.array(["first", "second", "third"])[rng.permutation(study)]
        return chosen

    def _draw_other_ages(self) -> np.ndarray:
        return self.more.integers(*OTHER_AGES[self.more.integers(len(OTHER_AGES))], len(self.ids))

    def _draw_outcome(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        measures = read_schema()["phenotype"]["measures"]
        scored = [name for name, rules in measures.items() if {"total", "mean"} & set(rules.get("totals", {}))]
        if self.chance(0.5):
            high, low = LABELS[self.rng.integers(len(LABELS))]
            if self.more.random() < 0.3:
                return self._draw_number()
            return {"column": "group_1", "high": [high], "low": [low]}, {"group_1": np.where(self.high, high, low)}
        measure = str(self.rng.choice(scored))
        score = next(iter({"total", "mean"} & set(measures[measure]["totals"])))
        answers = self._draw_answers(measure, self.high)
        cut = self._cut(measure, score, answers)
        self._write_answers(measure, score, answers)
        rule = {"measure": measure, "score": score}
        if self.more.random() < 0.15:
            return rule | {"high_at_least": cut, "low_below": cut}, {}
        return rule | {"high_at_least": cut}, {}

    def _draw_number(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Draw a column of numbers to cut, some people between the cuts where both groups stay large enough."""
        values = np.where(self.high, 6.0, 2.0) + self.more.uniform(0, 1, len(self.ids)).round(3)
        ends = {"low_below": 3.5, "high_at_least": 5.5}
        if min(self.high.sum(), (~self.high).sum()) > 12:
            ends = {"low_below": 2.99, "high_at_least": 6.01}
            values[np.flatnonzero(self.high)[:2]], values[np.flatnonzero(~self.high)[:2]] = 6.0, 2.995
            values[np.flatnonzero(self.high)[2:]] += 0.02
            values[np.flatnonzero(~self.high)[2:]] -= 0.02
        return {"column": "wellbeing_1", **ends}, {"wellbeing_1": values}

    def _draw_answers(self, measure: str, high: np.ndarray) -> pd.DataFrame:
        """Draw answers of which those high lie above those low, reversed items turned back."""
        rules = read_schema()["phenotype"]["measures"][measure]
        low_end, high_end = rules["range"]
        items = list_items(measure)
        middle = (low_end + high_end) / 2 + np.where(high, 0.75, -0.75)[:, None]
        values = np.clip(np.rint(middle + self.rng.normal(0, 0.5, (len(self.ids), len(items)))), low_end, high_end)
        if rules["n_items"] <= 2:  # two answers must not overlap
            values = np.where(high[:, None], high_end - (values % 2), low_end + (values % 2))
        table = pd.DataFrame(values.astype(int), self.ids, items)
        for number in rules.get("reversed", ()):
            name = rules["items"].format(number)
            table[name] = low_end + high_end - table[name]
        return table

    def _cut(self, measure: str, score: str, answers: pd.DataFrame) -> float:
        """Return a cut that leaves ten participants or more on each side."""
        scores = np.sort(self._score(measure, score, answers))
        cut = (scores[10] + scores[-10]) / 2 if scores[10] < scores[-10] else scores[-10]
        return float(np.floor(cut * 1e6) / 1e6)

    @staticmethod
    def _score(measure: str, score: str, answers: pd.DataFrame) -> np.ndarray:
        rules = read_schema()["phenotype"]["measures"][measure]
        turned = answers.copy()
        for number in rules.get("reversed", ()):
            name = rules["items"].format(number)
            turned[name] = sum(rules["range"]) - turned[name]
        return (turned.sum(axis=1) if score == "total" else turned.mean(axis=1)).to_numpy(float)

    def _write_answers(self, measure: str, score: str, answers: pd.DataFrame) -> None:
        if self.chance(0.4):
            answers = pd.DataFrame({score: self._score(measure, score, answers)}, self.ids)
        self._save(answers, f"phenotype/{measure}.tsv")

    def _draw_questionnaires(self, outcome: dict[str, Any]) -> None:
        for measure, rules in read_schema()["phenotype"]["measures"].items():
            if measure == outcome.get("measure") or not self.chance(0.15):
                continue
            if "items" in rules and self.chance(0.5):
                table = self._draw_answers(measure, self.rng.random(len(self.ids)) < 0.5)
            else:
                totals = rules.get("totals") or {"describing": [8, 40], "catastrophizing": [0, 36]}
                low_high = {name: (low, min(high, 1e4)) for name, (low, high) in totals.items()}
                table = pd.DataFrame(
                    {n: self.rng.uniform(*ends, len(self.ids)).round(2) for n, ends in low_high.items()}
                )
                table.index = self.ids
            people = self.ids[self.rng.random(len(self.ids)) < self.rng.choice([0.5, 0.9, 1.0])]
            if len(people) > 2:
                self._save(self._blank(table.loc[people], list(table), 0.03), f"phenotype/{measure}.tsv")

    def _draw_blocks(self) -> dict[str, Any]:
        settings: dict[str, Any] = {}
        makers = {
            "connectivity": self._draw_connectivity,
            "volumes": self._draw_volumes,
            "tracts": self._draw_tracts,
            "motion": self._draw_motion,
            "taxa": self._draw_taxa,
            "transcripts": self._draw_transcripts,
            "metabolites": self._draw_metabolites,
            "maps": self._draw_maps,
        }
        often = self.rng.choice([0.15, 0.4, 0.8, 1.0])
        for make in makers.values():
            if self.chance(often):
                settings |= make(self._draw_measured()) or {}
        return settings

    def _draw_measured(self) -> pd.Index:
        """Return who has a block: all, most, some, or (rarely) one group only."""
        share = self.rng.choice([1.0, 0.9, 0.6])
        people = self.ids[self.rng.random(len(self.ids)) < share]
        if self.chance(0.06):
            people = self.ids[self.high]
        return people if len(people) >= 10 else self.ids

    def _draw_connectivity(self, people: pd.Index) -> dict[str, Any]:
        rng = self.rng
        n_nodes = int(rng.choice([3, 6, 12]))
        nodes = pd.DataFrame(
            {
                "network": rng.choice(NETWORKS[: int(rng.integers(1, 6))], n_nodes),
                "x": rng.uniform(-60, 60, n_nodes).round(1),
                "y": rng.uniform(-90, 60, n_nodes).round(1),
                "z": rng.uniform(-40, 70, n_nodes).round(1),
            },
            pd.Index([f"{rng.choice(['Node', 'n_', 'L.'])}{i}" for i in range(n_nodes)], name="node"),
        )
        self._save(nodes, "brain/nodes.tsv")
        r = np.tanh(rng.normal(0.2, 0.25, (len(people), n_nodes * (n_nodes - 1) // 2)))
        rows, columns = np.triu_indices(n_nodes, 1)
        if self.chance(0.3):
            for person, values in zip(people, r, strict=True):
                matrix = np.eye(n_nodes)
                matrix[rows, columns] = matrix[columns, rows] = values
                self._save(pd.DataFrame(matrix, nodes.index, nodes.index), f"brain/connectivity/{person}.tsv")
            return {}
        is_z = self.chance(0.3)
        edges = [f"{nodes.index[i]}--{nodes.index[j]}" for i, j in zip(rows, columns, strict=True)]
        table = pd.DataFrame(np.arctanh(r) * (1 if not is_z else 1.5) if is_z else r, people, edges)
        self._save_block(self._blank(table, list(table), 0.01 if self.chance(0.3) else 0), "brain/connectivity")
        return {"connectivity_scale": "fisher_z"} if is_z else {}

    def _draw_volumes(self, people: pd.Index) -> None:
        names = ["Left-Amygdala", "Right-Amygdala", "Left-Hippocampus", "region_x"][: int(self.rng.integers(1, 5))]
        table = pd.DataFrame(self.rng.normal(2000, 200, (len(people), len(names))).round(1), people, names)
        if self.chance(0.7):
            table["icv"] = self.rng.normal(1.5e6, 1e5, len(people)).round()
        self._save_block(self._blank(table, names, 0.03), "brain/volumes")

    def _draw_tracts(self, people: pd.Index) -> None:
        names = ["Fornix", "Uncinate_L", "tract 3"][: int(self.rng.integers(1, 4))]
        table = pd.DataFrame(self.rng.normal(0.45, 0.04, (len(people), len(names))).round(4), people, names)
        self._save_block(self._blank(table, names, 0.03), "brain/tracts")

    def _draw_motion(self, people: pd.Index) -> None:
        self._save_block(
            pd.DataFrame({"mean_fd_mm": self.rng.gamma(4, 0.04, len(people)).round(4)}, people), "brain/motion"
        )

    def _draw_counts(self, people: pd.Index, names: pd.Index) -> pd.DataFrame:
        spread = self.rng.normal(0, self.rng.choice([0.5, 2.0]), len(names))
        share = np.exp(spread + self.rng.normal(0, 1, (len(people), len(names))))
        depth = self.rng.integers(2000, 30_000, len(people))
        reads = [self.rng.multinomial(d, s / s.sum()) for d, s in zip(depth, share, strict=True)]
        return pd.DataFrame(np.array(reads), people, names)

    def _rescale(self, counts: pd.DataFrame, scales: tuple[str, ...]) -> tuple[pd.DataFrame, str | None]:
        """Return the counts as they are, or on another scale and its name."""
        if self.more.random() < 0.7:
            return counts, None
        scale = str(self.more.choice(scales))
        if scale == "rpk":
            return (counts / self.more.uniform(0.3, 3, counts.shape[1])).round(4), scale
        total = {"relative": 1, "percent": 100, "cpm": 1e6}[scale]
        return total * counts.div(counts.sum(axis=1), axis=0), scale

    def _draw_taxa(self, people: pd.Index) -> None:
        n_taxa = int(self.rng.choice([3, 12, 60]))
        taxa = pd.Index([f"taxon_{i}" for i in range(n_taxa)], name="taxon")
        ranks = [rank for rank in RANKS if self.chance(0.5)] if self.chance(0.7) else []
        taxonomy = {rank: [f"{rank.title()}_{i % (2 + k)}" for i in range(n_taxa)] for k, rank in enumerate(ranks)}
        n_genera = int(self.rng.choice([n_taxa, max(2, n_taxa // 2)]))
        table = pd.DataFrame({**taxonomy, "genus": [f"Genus{i % n_genera}" for i in range(n_taxa)]}, taxa)
        if n_taxa > 5 and self.chance(0.4):
            table["genus"] = ["n/a"] * (n_taxa // 3) + list(table["genus"])[n_taxa // 3 :]
        self._save(table, "microbiome/taxonomy.tsv")
        counts, scale = self._rescale(self._draw_counts(people, taxa), ("relative", "percent"))
        self._save_block(counts, "microbiome/taxa", is_counts=True)
        if self.chance(0.4):
            lengths = self.rng.choice([":0.1", ""], p=[0.8, 0.2])
            tips = [f"{name}{lengths}" for name in taxa]
            inner = f"({','.join(tips[1:])}){lengths}" if len(tips) > 2 else tips[1]
            joined = f"({tips[0]},{inner});" if self.chance(0.8) else f"({','.join(tips)});"
            (self.folder / "microbiome/tree.nwk").write_text(joined + "\n")
        self.scale |= {"taxa": scale} if scale else {}

    def _draw_transcripts(self, people: pd.Index) -> None:
        n = int(self.rng.choice([5, 40]))
        names = pd.Index([f"transcript_{i}" for i in range(n)], name="feature")
        groups = self.rng.choice(GROUPS[: int(self.rng.integers(1, 7))], n)
        self._save(pd.DataFrame({"group": groups}, names), "microbiome/features.tsv")
        counts, scale = self._rescale(self._draw_counts(people, names), ("cpm", "rpk"))
        self._save_block(counts, "microbiome/transcripts", is_counts=True)
        self.scale |= {"transcripts": scale} if scale else {}
        if self.chance(0.4):
            self._save_block(self._draw_counts(people, names), "microbiome/genes", is_counts=True)

    def _draw_metabolites(self, people: pd.Index) -> None:
        n = int(self.rng.choice([2, 15, 40]))
        names = pd.Index([f"m{i}" for i in range(n)], name="metabolite")
        scale = np.full(n, self.rng.choice(["raw", "log"])) if self.chance(0.7) else self.rng.choice(["raw", "log"], n)
        logs = self.rng.normal(0, 1, (len(people), n))
        table = pd.DataFrame(np.where(scale == "raw", np.exp(5 + logs), logs), people, names).round(4)
        features = pd.DataFrame({"name": [f"compound {i}_*" for i in range(n)], "scale": scale}, names)
        if self.chance(0.5):
            features["hmdb"] = [f"HMDB{i:07d}" if i % 3 else "n/a" for i in range(n)]
        if self.chance(0.5):
            features["super_pathway"] = self.rng.choice(["Amino Acid", "Lipid", "n/a"], n)
        self._save(features, "metabolites/features.tsv")
        self._save_block(self._blank(table, list(table), 0.03), "metabolites/metabolites")

    def _draw_further(self) -> None:
        """Write a block of its own, of blood, gut, brain or diet, on any scale its sidecar can declare."""
        rng, n = self.more, int(self.more.choice([1, 4, 9]))
        names = [f"marker {i}_*" for i in range(n)]
        table = pd.DataFrame(np.exp(rng.normal(1, 0.7, (len(self.ids), n))).round(4), self.ids, names)
        transform = str(rng.choice(["none", "log", "clr"] if n > 1 else ["none", "log"]))
        about: dict[str, Any] = {"title": "Own *measures*", "unit": "mg/L", "transform": transform}
        about["modality"] = str(rng.choice(["brain", "gut", "blood", "diet", "other"]))
        if rng.random() < 0.5:
            table = table.mask(rng.random(table.shape) < 0.03, 0.0)
            about["zero"] = str(rng.choice(["below detection", "missing"]))
        if rng.random() < 0.5:
            about["groups"] = {name: ("one" if i % 2 else "two_") for i, name in enumerate(names)}
        about["integrate"] = bool(rng.random() < 0.3)
        table = table.mask(rng.random(table.shape) < 0.02)
        (self.folder / "blocks").mkdir(exist_ok=True)
        table.to_csv(self.folder / "blocks/own_1.tsv", sep="\t", na_rep="n/a")
        (self.folder / "blocks/own_1.json").write_text(json.dumps(about), encoding="utf-8")

    def _draw_maps(self, people: pd.Index) -> None:
        folder = self.folder / "brain/maps"
        folder.mkdir(parents=True, exist_ok=True)
        affine = MNI if self.chance(0.75) else ELSEWHERE
        people = people if self.chance(0.7) else people[: int(self.rng.integers(1, 12))]
        for person in people:
            values = self.rng.normal(1, 1, (16, 19, 16)).astype(np.float32)
            nibabel.save(nibabel.Nifti1Image(values, affine), folder / f"{person}.nii.gz")

    def _blank(self, table: pd.DataFrame, columns: list[str], share: float) -> pd.DataFrame:
        """Blank some cells of some columns, never a whole row or column."""
        if not share or not columns or self.chance(0.4):
            return table
        holes = self.rng.random((len(table), len(columns))) < share
        holes[:: max(2, len(table) // 5)] = False
        if len(columns) > 1:
            holes[:, 0] = False
        blanked = table.astype(object)
        blanked[columns] = blanked[columns].mask(holes)
        return blanked

    def _save(self, table: pd.DataFrame, file: str) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        table.sample(frac=1, random_state=int(self.rng.integers(2**31))).to_csv(path, sep="\t", na_rep="n/a")

    def _save_block(self, table: pd.DataFrame, stem: str, *, is_counts: bool = False) -> None:
        path = self.folder / stem
        path.parent.mkdir(parents=True, exist_ok=True)
        form = str(self.rng.choice(["tsv", "gz", "parquet", "turned", "biom"]))
        if form == "biom" and is_counts:
            kept = table.to_numpy(float).T
            with biom_open(f"{path}.biom", "w") as out:
                biom.Table(kept, list(table.columns), list(table.index)).to_hdf5(out, "generated")
        elif form == "parquet":
            table.apply(pd.to_numeric).reset_index().to_parquet(f"{path}.parquet")
        elif form == "turned" and table.shape[1] > 1:
            turned = table.T.rename_axis("feature")
            turned.to_csv(f"{path}.tsv", sep="\t", na_rep="n/a")
        else:
            table.to_csv(f"{path}.tsv{'.gz' if form == 'gz' else ''}", sep="\t", na_rep="n/a")

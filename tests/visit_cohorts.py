"""Small simulated cohorts with visits and with families, the truth in their arguments."""

import json

import numpy as np
import pandas as pd

from helpers import permutation
from helpers import visits as rooms
from helpers.contrasts import fit_contrasts
from helpers.designs import add_clusters

SETTINGS = """\
contract: 2
name: simulated_visits
kind: simulated
outcome: {measure: brs, score: mean, high_at_least: 3.5}
covariates: [age]
small_cell: 5
"""


def draw_ids(n):
    return [f"sub-{i + 1:03d}" for i in range(n)]


def write(table, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    table.round(6).to_csv(path, sep="\t", index=False, na_rep="n/a")


def draw_visits(n, visits, rng, *, shift=0.0, n_features=6, sd_person=1.0, sd_visit=0.7, high=None):
    """Draw features: an intercept per person, noise per visit; the high group gains ``shift`` on the first feature after the first visit."""
    person = rng.normal(0, sd_person, (n, n_features))
    found = {visit: person + rng.normal(0, sd_visit, (n, n_features)) for visit in visits}
    for visit in visits[1:]:
        found[visit][:, 0] += shift * (np.zeros(n) if high is None else high)
    return found


def write_cohort(folder, *, n=60, visits=("baseline", "month3", "month6"), shift=1.5, lost=0.1, seed=1, families=False):
    """Write a cohort folder with visits: questionnaire, taxa, metabolites, cytokines, a few edges."""
    rng = np.random.default_rng(seed)
    ids = draw_ids(n)
    high = np.arange(n) % 2 == 0
    people = pd.DataFrame({"participant_id": ids, "age": rng.integers(20, 60, n)})
    settings = SETTINGS + (f"visit: {visits[0]}\n" if len(visits) > 1 else "")
    if families:
        people["family_id"] = [f"fam-{i // 2}" for i in range(n)]
        settings += "cluster: family_id\n"
    write(people, folder / "participants.tsv")
    (folder / "cohort.yml").write_text(settings)
    came = {visit: rng.random(n) > (lost if visit != visits[0] else 0) for visit in visits}
    score = 3.5 + np.where(high, 0.6, -0.6)
    noise = {visit: rng.normal(0, 0.25, n) for visit in visits}
    brs = {visit: np.clip(score + (noise[visit] if visit != visits[0] else 0), 1, 5)[:, None] for visit in visits}
    write_tables(folder / "phenotype/brs.tsv", ids, brs, came, ["mean"])
    blood = draw_visits(n, visits, rng, shift=shift, high=high)
    write_tables(folder / "blocks/cytokines.tsv", ids, blood, came, [f"il_{i}" for i in range(6)])
    about = {"title": "Cytokines", "unit": "log pg/mL", "modality": "blood"}
    (folder / "blocks/cytokines.json").write_text(json.dumps(about))
    logs = draw_visits(n, visits, rng, n_features=8)
    reads = {visit: rng.poisson(np.exp(4 + values)) + 200 for visit, values in logs.items()}
    write_tables(folder / "microbiome/taxa.tsv", ids, reads, came, [f"t{i}" for i in range(8)])
    taxonomy = pd.DataFrame({"taxon": [f"t{i}" for i in range(8)], "genus": [f"Genus{i}" for i in range(8)]})
    write(taxonomy, folder / "microbiome/taxonomy.tsv")
    chemistry = draw_visits(n, visits, rng, n_features=4)
    write_tables(folder / "metabolites/metabolites.tsv", ids, chemistry, came, [f"m{i}" for i in range(4)])
    names = pd.DataFrame({"metabolite": [f"m{i}" for i in range(4)], "name": list("abcd"), "scale": "log"})
    write(names, folder / "metabolites/features.tsv")
    nodes = ["n1", "n2", "n3", "n4"]
    edges = [f"{a}--{b}" for i, a in enumerate(nodes) for b in nodes[i + 1 :]]
    r = {visit: np.tanh(0.3 * values) for visit, values in draw_visits(n, visits, rng).items()}
    write_tables(folder / "brain/connectivity.tsv", ids, r, came, edges)
    places = pd.DataFrame({"node": nodes, "network": ["A", "A", "B", "B"], "x": range(4), "y": range(4), "z": range(4)})
    write(places, folder / "brain/nodes.tsv")
    times = {visit: 3 * i for i, visit in enumerate(visits)}
    rows = [
        (one, f"ses-{visit}", times[visit])
        for visit in visits
        for one, is_in in zip(ids, came[visit], strict=True)
        if is_in
    ]
    if len(visits) > 1:
        write(pd.DataFrame(rows, columns=["participant_id", "session_id", "time"]), folder / "sessions.tsv")
    return folder


def write_tables(path, ids, by_visit, came, columns):
    """Write one table, people of all visits below each other; no column of visits where there is one."""
    parts = []
    for visit, values in by_visit.items():
        table = pd.DataFrame(values, columns=columns)
        table.insert(0, "session_id", f"ses-{visit}")
        table.insert(0, "participant_id", ids)
        parts.append(table[came[visit]])
    whole = pd.concat(parts)
    write(whole if len(by_visit) > 1 else whole.drop(columns="session_id"), path)


def lay_out(by_visit, high):
    """Features by visit as samples below each other, with who and when, and the design."""
    people = pd.Index([f"p{i}" for i in range(len(high))])
    parts, rows = [], []
    for visit, values in by_visit.items():
        names = [f"{person} at {visit}" for person in people]
        parts.append(pd.DataFrame(values, names).add_prefix("x"))
        rows.append(pd.DataFrame({"participant_id": people, "visit": visit}, index=names))
    return pd.concat(parts), pd.concat(rows), pd.DataFrame({"group": np.asarray(high, float)}, index=people)


def count_covered(n_draws, rng, *, effect, n=60, lost=0.15):
    """Count the intervals that hold the true group x visit: three visits, some missed at random."""
    held = []
    for _ in range(n_draws):
        high = np.arange(n) < n * 0.4
        values, samples, design = lay_out(
            draw_visits(n, ("a", "b", "c"), rng, n_features=1, shift=effect, high=high), high
        )
        kept = (samples["visit"] == "a") | (rng.random(len(samples)) > lost)
        found = rooms.fit_changes(values[kept.to_numpy()], samples[kept], design, baseline="a")
        held += ((found["ci_low"] <= effect) & (effect <= found["ci_high"])).tolist()
    return np.mean(held)


def draw_families(n, rng, *, sizes=(1, 2, 3, 4)):
    """Number families of one to four until everybody has one."""
    families = np.repeat(np.arange(n), rng.choice(sizes, n))[:n]
    return pd.Series([f"f{i}" for i in families], index=[f"p{i}" for i in range(n)])


def count_rejected(n_draws, rng, *, shared):
    """Reject how many null cohorts of families of one to four; features and (where shared) groups go with the family."""
    rejected = {"naive": 0, "robust": 0, "max_t": 0}
    for _ in range(n_draws):
        clusters = draw_families(80, rng)
        codes = pd.factorize(clusters)[0]
        own = rng.integers(0, 2, codes.max() + 1)[codes] if shared else rng.integers(0, 2, 80)
        y = pd.DataFrame({"y": rng.normal(size=codes.max() + 1)[codes] + rng.normal(0, 0.7, 80)}, index=clusters.index)
        plain = pd.DataFrame({"group": own.astype(float)}, index=clusters.index)
        design = add_clusters(plain, clusters)
        rejected["naive"] += fit_contrasts(y, plain).loc["y", "p"] < 0.05
        rejected["robust"] += fit_contrasts(y, design).loc["y", "p"] < 0.05
        shuffled = permutation.test_max_t(y, design, n_permutations=39, rng=rng)
        rejected["max_t"] += shuffled.table.loc["y", "p_fwe"] <= 0.05
    return {name: times / n_draws for name, times in rejected.items()}

"""Several cohorts together: published numbers, coverage by simulation, what is refused, what leaves a site."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers import pool
from helpers.cli import main
from helpers.contrasts import fit_contrasts
from helpers.plots import pool as draw
from helpers.pool.features import read_hmdb
from helpers.pool.meta import find_standard_error
from helpers.pool.sharing import SHARED
from helpers.problems import CohortError, TooLittle
from helpers.run import refuse_used_folder
from helpers.tables import PROJECT_ROOT, read_result, read_table, write_result
from tests.bcg import find_hartung_knapp, find_paule_mandel, find_reml, list_log_relative_risks, weigh
from tests.pooling import CLAIMS, SIZES, make_effects, make_results
from tests.support import EXAMPLE, run_command

IDS = list(read_table(EXAMPLE / "participants.tsv").index)


@pytest.fixture
def three(tmp_path):
    """Three real cohorts with genera and metabolites."""
    d = {"a": 0.5, "b": 0.3, "c": 0.4}
    return [
        make_results(
            tmp_path / name,
            name,
            kind="real",
            d=effect,
            taxa=make_effects(["g__Blautia", "Dorea", f"Only{name}"], [effect, -0.1, 0.2]),
            metabolites=make_effects(
                ["m1", "m2"], [effect, 0.0], name=["Dimethylglycine", "Odd one"], hmdb=["HMDB00092", np.nan]
            ),
        )
        for name, effect in d.items()
    ]


# The meta-analysis itself


def test_bcg_trials_have_the_published_numbers():
    """metafor 4, documentation of ``rma.uni``: Q(12) = 152.2330; REML 0.3132, -0.7145 (SE 0.1798); Paule-Mandel 0.3181. The formulas
    by hand give the REML figures, so that data and formulas are the published ones; the package, which has no REML, gives the rest."""
    y, v = list_log_relative_risks()
    reml = find_reml(y, v)
    assert reml == pytest.approx(0.3132, abs=5e-5)
    assert weigh(y, v, reml)[:2] == pytest.approx((-0.7145, 0.1798), abs=5e-5)
    ours = pool.combine(y, v**0.5)
    assert ours.cochran_q == pytest.approx(152.2330, abs=5e-5)
    assert ours.tau2 == pytest.approx(0.3181, abs=5e-5)
    assert ours.d == pytest.approx(-0.7145, abs=1e-3)


def test_bcg_trials_agree_with_formulas_by_hand():
    """Paule-Mandel by bisection, the interval of Hartung and Knapp and the prediction interval by their formulas."""
    y, v = list_log_relative_risks()
    tau2, student = find_paule_mandel(y, v), stats.t.ppf(0.975, len(y) - 1)
    mean, error = weigh(y, v, tau2)[0], find_hartung_knapp(y, v, tau2)
    ours = pool.combine(y, v**0.5)
    assert ours.tau2 == pytest.approx(tau2, abs=1e-6)
    assert (ours.d, ours.d_low, ours.d_high) == pytest.approx(
        (mean, mean - student * error, mean + student * error), abs=1e-6
    )
    reach = student * (tau2 + error**2) ** 0.5
    assert (ours.prediction_low, ours.prediction_high) == pytest.approx((mean - reach, mean + reach), abs=1e-6)
    assert ours.i2 == pytest.approx(1 - 12 / weigh(y, v, 0)[2])
    assert sum(ours.weights) == pytest.approx(1)
    assert ours.p == pytest.approx(2 * stats.t.sf(abs(mean) / error, 12), rel=1e-4)


def draw_cohorts(rng, n_cohorts, *, d, tau):
    """Draw effects as cohorts of 40 to 300 participants give them: noncentral t, freed of its bias, with an interval."""
    n = rng.integers(40, 300, n_cohorts)
    error, df = np.sqrt(4.2 / n), n - 5
    t = (rng.normal(size=n_cohorts) + rng.normal(d, tau, n_cohorts) / error) / np.sqrt(rng.chisquare(df) / df)
    found = t * error * (1 - 3 / (4 * df - 1))
    half = stats.norm.ppf(0.975) * np.sqrt(error**2 + found**2 / (2 * df))
    return found, find_standard_error(found - half, found + half)


@pytest.mark.parametrize("tau", [0.1, 0.2])
def test_coverage_and_error_rate_over_twenty_cohorts(tau):
    """1,000 draws of 20 cohorts: intervals hold the truth in 93 to 97 %; another 1,000 without effect: 3 to 7 % are called one."""
    held, called = try_rates(20, tau=tau, n=1000)
    assert 0.93 <= held <= 0.97
    assert 0.03 <= called <= 0.07


@pytest.mark.parametrize("n_cohorts, tau", [(20, 0.0), (3, 0.0), (3, 0.2)])
def test_without_variance_or_with_few_cohorts_intervals_are_conservative(n_cohorts, tau):
    """Measured on 1,500 draws: 96.6, 98.1 and 96.7 % hold the truth; 3.2, 0.9 and 3.7 % of nulls are called an effect."""
    held, called = try_rates(n_cohorts, tau=tau)
    assert held >= 0.93
    assert called <= 0.06


def try_rates(n_cohorts, *, tau, n=300):
    """Return how often intervals hold a d of 0.4, and how often no effect has p below 0.05, over n draws each."""
    rng = np.random.default_rng(20240501)
    drawn = [pool.combine(*draw_cohorts(rng, n_cohorts, d=0.4, tau=tau)) for _ in range(n)]
    null = [pool.combine(*draw_cohorts(rng, n_cohorts, d=0.0, tau=tau)) for _ in range(n)]
    assert all((one.p < 0.05) == (one.d_low > 0 or one.d_high < 0) for one in null)
    return np.mean([one.d_low <= 0.4 <= one.d_high for one in drawn]), np.mean([one.p < 0.05 for one in null])


def test_no_draw_ends_without_the_variance_that_it_has():
    """tau2 is 0 exactly where Q is no more than its degrees of freedom: the search never stops at 0 by itself."""
    rng = np.random.default_rng(3)
    for k in (2, 3, 8):
        for _ in range(100):
            y, error = draw_cohorts(rng, k, d=0.2, tau=0.3)
            assert pool.combine(y, error).tau2 == pytest.approx(find_paule_mandel(y, error**2), abs=1e-5)


def test_cohorts_that_agree_by_luck_do_not_make_a_sure_interval():
    """Hartung and Knapp alone would give an interval of no width at all."""
    both = pool.combine([0.4, 0.4], [0.2, 0.2])
    assert (both.d_low, both.d_high) == pytest.approx((0.4 - 1.96 * 0.2 / 2**0.5, 0.4 + 1.96 * 0.2 / 2**0.5), abs=1e-4)
    assert both.p == pytest.approx(2 * stats.norm.sf(2 * 2**0.5), rel=1e-6)
    assert np.isnan(both.prediction_low)


@pytest.mark.parametrize("effects, errors", [([0.1], [0.1]), ([0.1, np.nan], [0.1, 0.1]), ([0.1, 0.2], [0.1, 0.0])])
def test_what_cannot_be_combined_is_refused(effects, errors):
    with pytest.raises(ValueError, match="Two effects or more"):
        pool.combine(effects, errors)


def test_the_standard_error_read_from_an_interval_is_that_of_d():
    """Over 4,000 features with an effect of 0.5, d spreads as much as its intervals say (within 4 %)."""
    rng = np.random.default_rng(5)
    ids = [f"p{i}" for i in range(60)]
    design = pd.DataFrame({"group": [1.0] * 25 + [0.0] * 35, "age": rng.normal(size=60)}, ids)
    values = rng.normal(size=(60, 4000)) + 0.5 * design[["group"]].to_numpy()
    found = fit_contrasts(pd.DataFrame(values, ids), design)
    errors = find_standard_error(found["d_low"], found["d_high"])
    assert found["d"].std() / (errors**2).mean() ** 0.5 == pytest.approx(1, abs=0.04)


def test_leaving_one_out_is_combining_the_others():
    table = pool.leave_one_out([0.1, 0.5, 0.3], [0.2, 0.2, 0.1], ["a", "b", "c"])
    assert table.loc["b", "d"] == pytest.approx(pool.combine([0.1, 0.3], [0.2, 0.1]).d)
    assert pool.leave_one_out([0.1, 0.5], [0.2, 0.2], ["a", "b"]).empty


# Claims


def test_claims_are_pooled_by_the_rule_of_the_verdict(three):
    sites, differences = pool.load_sites(three, CLAIMS)
    assert differences == []
    found = pool.pool_claims(sites, CLAIMS)
    first = found.pooled.loc["C06"]
    assert first["d"] == pytest.approx(0.4)
    assert (first["verdict"], first["size"], first["n_high"]) == ("supported", "size open", 3 * SIZES["n_high"])
    assert found.pooled.loc["C01", "d"] == pytest.approx(-0.4), "lower is expected, and turned for the verdict only"
    assert found.pooled.loc["C16", "verdict"] == "not testable here"
    assert "rank 2 of 4, lead −0.10" in found.pooled.loc["C16", "reason"]
    own = found.effects[found.effects["claim"] == "C06"]
    assert own["weight"].sum() == pytest.approx(1)
    assert list(own["verdict"]) == ["inconclusive"] * 3
    assert list(found.left_out.loc[found.left_out["claim"] == "C06", "left_out"]) == ["a", "b", "c"]
    assert "No verdict changes" in pool.describe_left_out(found) or "The verdict changes" in pool.describe_left_out(
        found
    )
    assert len(pool.tabulate_pooled(found)) == len(CLAIMS)


def test_simulated_cohorts_never_support_a_claim(tmp_path):
    folders = [make_results(tmp_path / name, name, d=0.5) for name in "ab"]
    sites, _ = pool.load_sites(folders, CLAIMS)
    found = pool.pool_claims(sites, CLAIMS)
    assert set(found.pooled["verdict"]) <= {"planted effect recovered", "planted effect missed", "not testable here"}
    assert found.pooled.loc["C06", "verdict"] == "planted effect recovered"
    assert "simulated" in pool.describe_pool(sites)
    with pytest.raises(TooLittle):
        pool.tabulate_left_out(found)


@pytest.mark.parametrize(
    "planted, said", [({}, "Not the same was planted"), (None, "What was planted is not known of every cohort")]
)
def test_without_one_truth_a_simulated_pool_decides_nothing(tmp_path, planted, said):
    folders = [make_results(tmp_path / "a", "a"), make_results(tmp_path / "b", "b", changes={"planted": planted})]
    sites, _ = pool.load_sites(folders, CLAIMS)
    row = pool.pool_claims(sites, CLAIMS).pooled.loc["C06"]
    assert row["verdict"] == "not testable here"
    assert said in row["reason"]


def test_a_claim_that_one_cohort_has_is_not_pooled(three):
    table = read_result(three[0], "07_verdict", "verdicts")
    for folder in three[1:]:
        other = read_result(folder, "07_verdict", "verdicts")
        other.loc["C06", ["d", "d_low", "d_high", "n_high", "n_low"]] = np.nan
        write_result(other, folder, "07_verdict", "verdicts")
    row = pool.pool_claims(pool.load_sites(three, CLAIMS)[0], CLAIMS).pooled.loc["C06"]
    assert np.isnan(row["d"]) and row["verdict"] == "not testable here" and "nly one cohort" in row["reason"]
    assert table.loc["C06", "d"] == 0.5


# Genera and metabolites


def test_genera_meet_by_name_and_metabolites_by_number(three):
    sites, _ = pool.load_sites(three, CLAIMS)
    table = read_result(three[1], "05_metabolites", "metabolites")
    taxa, metabolites = pool.pool_taxa(sites), pool.pool_metabolites(sites)
    assert list(table["hmdb"].dropna()) == ["HMDB00092"]
    assert set(taxa.table.index) == {"Blautia", "Dorea"}
    assert taxa.n_alone == 3
    assert taxa.table.loc["Blautia", "d"] == pytest.approx(0.4)
    assert metabolites.table.loc["Dimethylglycine", "hmdb"] == "HMDB0000092"
    assert metabolites.table.loc["Odd one", "n_cohorts"] == 3
    assert "2 are in two cohorts or more" in pool.describe_features(taxa, noun="genera")
    assert read_hmdb("HMDB00092; HMDB00093") == ""


def test_codes_names_that_stand_twice_and_lacking_numbers(tmp_path):
    """A code of one cohort is no name; a name takes the number it has elsewhere; one that stands twice is matched to nothing."""
    metabolites = {
        "a": make_effects(["m_1", "x", "y", "z"], [0.1, 0.2, 0.3, 0.4], name=["", "Serine", "Glycine", "glycine"], hmdb=["", "HMDB0000187", "", ""]),
        "b": make_effects(["m_1", "x", "y"], [0.1, 0.4, 0.3], name=["", "serine", "Glycine"], hmdb=["", "", ""]),
    }  # fmt: skip
    folders = [make_results(tmp_path / name, name, metabolites=table) for name, table in metabolites.items()]
    found = pool.pool_metabolites(pool.load_sites(folders, CLAIMS)[0])
    assert list(found.table.index) == ["Serine"]
    assert found.table.loc["Serine", "hmdb"] == "HMDB0000187"
    assert found.unclear == {"a": ["Glycine", "glycine"]}
    assert "stands twice" in pool.describe_features(found, noun="metabolites")


def test_cohorts_without_a_block_have_nothing_to_combine(tmp_path):
    folders = [make_results(tmp_path / name, name) for name in "ab"]
    found = pool.pool_taxa(pool.load_sites(folders, CLAIMS)[0])
    assert found.table.empty
    assert "No cohort has a table of genera" in pool.describe_features(found, noun="genera")


# What is refused


def test_everything_that_does_not_fit_is_told_at_once(tmp_path, three):
    other = {"outcome": {"form": "questionnaire", "measure": "brs", "score": "mean", "told": "high: brs mean of 4"}}
    folders = [
        three[0],
        make_results(tmp_path / "d", "d", kind="simulated", changes=other),
        make_results(tmp_path / "e", "a", kind="real", changes={"program": "2", "cohort_sha256": "a" * 8}),
        tmp_path / "nowhere",
        tmp_path,
    ]
    changed = read_result(folders[1], "07_verdict", "verdicts").drop(index="C03")
    changed.loc["C04", "expected"] = "lower"
    write_result(changed, folders[1], "07_verdict", "verdicts")
    with pytest.raises(CohortError) as error:
        pool.load_sites(folders, CLAIMS)
    told = str(error.value)
    for part in (
        "simulated participants in", "the cohort of", "version 2", "no claim C03", "C04: lower", "no such folder", "no site.json", "brs mean",
    ):  # fmt: skip
        assert part in told, part
    assert "Traceback" not in told


def test_other_cuts_and_covariates_are_warnings(tmp_path, three):
    rule = {
        "form": "questionnaire",
        "measure": "cd_risc",
        "score": "total",
        "high_at_least": 75,
        "told": "high: 75 or more",
    }
    changes = {"outcome": rule, "covariates": ["age"], "packages": {"numpy": "3"}}
    folders = [three[0], make_results(tmp_path / "d", "d", kind="real", changes=changes)]
    sites, differences = pool.load_sites(folders, CLAIMS)
    assert {one.column for one in differences} == {"outcome", "covariates", "packages"}
    assert all(one.severity == "warning" for one in differences)
    assert "75 or more" in pool.describe_differences(differences)
    assert list(pool.tabulate_sites(sites).index) == ["a", "d"]


@pytest.mark.parametrize(
    "damage, said",
    [
        (lambda folder: (folder / "site.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "site.json").write_text('{"format": 9}'), "'9'"),
        (lambda folder: (folder / "site.json").write_text('{"format": 1, "kind": "mice"}'), "'mice'"),
        (lambda folder: (folder / "01_cohort" / "table1.tsv").unlink(), "no such table"),
        (lambda folder: (folder / "07_verdict" / "verdicts.tsv").write_text("id\td\nC01\t1\n"), "no such column"),
    ],
)
def test_damaged_results_end_in_a_sentence(three, damage, said):
    damage(three[1])
    with pytest.raises(CohortError, match=re.escape(said)):
        pool.load_sites(three, CLAIMS)


def test_numbers_below_the_smallest_cell_are_refused(three):
    small = make_effects(["Blautia"], [0.2]).assign(n_high=4)
    write_result(small, three[0], "04_microbiome", "taxa")
    table1 = read_result(three[1], "01_cohort", "table1")
    table1.loc["Sex", "high"] = "3 (7%)"
    write_result(table1, three[1], "01_cohort", "table1")
    with pytest.raises(CohortError) as error:
        pool.load_sites(three, CLAIMS)
    assert str(error.value).count("1 row with fewer than 5 participants") == 2
    assert "--share" in str(error.value)


# What leaves a site


def test_what_leaves_a_site_is_listed_and_holds_no_participant(tmp_path, three):
    small = make_effects(["Blautia", "Dorea"], [0.2, 0.3]).assign(n_high=[4, 44])
    write_result(small, three[0], "04_microbiome", "taxa")
    verdicts = read_result(three[0], "07_verdict", "verdicts")
    verdicts.loc["C06", "n_low"] = 3
    write_result(verdicts, three[0], "07_verdict", "verdicts")
    out = pool.share_results(three[0], tmp_path / "out", ids=IDS)
    files = sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    tables = [one.table for one in SHARED]
    assert files == sorted(
        ["README.md", "site.json", *(f"{name}{end}" for name in tables for end in (".tsv", ".json"))]
    )
    text = {name: (out / name).read_text() for name in files}
    for name, content in text.items():
        assert not [one for one in IDS if re.search(rf"(?<![\w-]){one}(?![\w-])", content)], name
        assert "participant_id" not in content, name
    for one in SHARED:
        assert f"`{one.table}.tsv`" in text["README.md"]
        assert set(read_table(out / f"{one.table}.tsv").columns) == set(one.columns), "chosen columns, no others"
    assert list(read_table(out / "04_microbiome" / "taxa.tsv").index) == ["Dorea"]
    shared = read_table(out / "07_verdict" / "verdicts.tsv").loc["C06"]
    assert np.isnan(shared["d"]) and np.isnan(shared["n_low"]) and shared["verdict"] == "withheld"
    sites, _ = pool.load_sites([out, *three[1:]], CLAIMS)
    assert pool.pool_claims(sites, CLAIMS).pooled.loc["C06", "n_cohorts"] == 2
    assert pool.share_results(three[0], out, ids=IDS) == out, "its own files may be written anew"


def test_an_id_that_would_leave_is_refused_and_nothing_is_written(tmp_path, three):
    write_result(make_effects(["sub-001", "Dorea"], [0.2, 0.3]), three[0], "04_microbiome", "taxa")
    with pytest.raises(CohortError, match="the id of a participant"):
        pool.share_results(three[0], tmp_path / "out", ids=IDS)
    assert not (tmp_path / "out").exists()


def test_nothing_is_mixed_into_a_folder_with_other_files(tmp_path, three):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(CohortError, match=r"notes\.txt"):
        pool.share_results(three[0], tmp_path / "mine", ids=IDS)
    with pytest.raises(CohortError, match="a folder with other files"):
        refuse_used_folder(tmp_path / "mine", "mine")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_the_command_tells_what_does_not_fit(tmp_path, three, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["pool", str(three[0]), "--into", str(tmp_path / "pooled")])
    assert ended.value.code == 2 and "1 folder, expected 2 or more" in capsys.readouterr().err
    assert not (tmp_path / "pooled").exists()


# Pages


def test_table1s_stand_side_by_side(three):
    sites, _ = pool.load_sites(three, CLAIMS)
    beside = pool.set_side_by_side(sites)
    assert beside.loc["Age (years): mean (SD)", "b, Low resilience"] == "35.6 (9.7)"
    assert beside.loc["Reads per sample, compared", "c, High resilience"] == "8,357"
    assert [site.count_people() for site in sites] == [116] * 3


def test_figures_of_a_pool(three, tmp_path):
    sites, _ = pool.load_sites(three, CLAIMS)
    draw.use_pool_style(sites)
    found = pool.pool_claims(sites, CLAIMS)
    overview, forest = (
        draw.plot_pooled(found.pooled, found.effects),
        draw.plot_cohorts(found.pooled.head(4), found.effects),
    )
    assert len(overview.get_yticks()) == 15
    assert len(forest.get_yticks()) == 4 * 4
    listed = draw.plot_features(pool.pool_taxa(sites).table, what="Genera")
    assert [label.get_text() for label in listed.get_yticklabels()] == ["Blautia", "Dorea"]
    assert not overview.get_figure().texts
    simulated = [make_results(tmp_path / f"s{name}", name) for name in "ab"]
    draw.use_pool_style(pool.load_sites(simulated, CLAIMS)[0])
    found = pool.pool_claims(pool.load_sites(simulated, CLAIMS)[0], CLAIMS)
    marked = draw.plot_pooled(found.pooled, found.effects).get_figure()
    assert [text.get_text() for text in marked.texts] == ["Simulated data"]


@pytest.mark.book
def test_the_example_and_another_cohort_are_pooled_to_a_book(built_book, tmp_path):
    """As a user does it: two cohorts, one of them the built example; every page says that its data are simulated."""
    other = make_results(tmp_path / "other", "other", d=0.5)
    site = json.loads((other / "site.json").read_text())
    own = json.loads((built_book.parent / "results" / "site.json").read_text())
    (other / "site.json").write_text(
        json.dumps(site | {name: own[name] for name in ("program", "revision", "packages")})
    )
    done = run_command("pool", built_book.parent / "results", other, "--into", tmp_path / "pooled")
    assert done.returncode == 0, done.stderr
    pages = sorted((tmp_path / "pooled" / "html" / "notebooks").glob("*.html"))
    assert [page.stem for page in pages] == ["pool_claims", "pool_cohorts", "pool_features"]
    for page in [*pages, tmp_path / "pooled" / "html" / "book" / "pool" / "index.html"]:
        text = page.read_text()
        assert "simulated" in text and str(PROJECT_ROOT) not in text
        assert not [one for one in IDS if re.search(rf"(?<![\w-]){one}(?![\w-])", text)]
    pooled = read_result(tmp_path / "pooled" / "results", "pool_claims", "claims")
    assert pooled["d"].notna().sum() == 15
    again = pool.load_sites([built_book.parent / "results", other], CLAIMS)[0]
    assert pool.pool_claims(again, CLAIMS).pooled.loc["C02", "d"] == pytest.approx(pooled.loc["C02", "d"], rel=1e-9)

"""The first screen of a book, the page of its figures, and the words of the glossary where they are used first."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from book._ext.glossary_tips import compile_terms, list_terms
from helpers.book.abstract import BOXES, draw_abstract
from helpers.book.gallery import list_figures, write_gallery
from helpers.book.landing import Findings, read_findings, write_glance, write_hero
from helpers.book.numbering import number_captions
from helpers.tables import PROJECT_ROOT, write_result
from helpers.verdict import RealVerdict, SimulatedVerdict, load_claims

SVG = "{http://www.w3.org/2000/svg}"
FACTS = {
    "kind": "real",
    "title": "Ours",
    "n_participants": 40,
    "labels": {"high": "Healthy & well", "low": "Adenoma"},
    "available": ["taxa", "metabolites"],
}


def make_verdicts(words: list[str]) -> pd.DataFrame:
    """One claim per word, as the chapter on the verdict writes them."""
    claims = load_claims("data/claims/an2024.yml")
    rows = [
        {"label": claim.label, "block": claim.block, "expected": claim.direction, "verdict": word}
        for claim, word in zip(claims, words, strict=False)
    ]
    return pd.DataFrame(rows, index=[claim.id for claim in claims][: len(rows)])


def parse(drawing: str) -> ElementTree.Element:
    return ElementTree.fromstring(drawing.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def test_type_of_the_drawing_is_9_px_on_a_phone_and_stays_in_its_box():
    """At 390 px the column has 358; type is 13 of 420 units. A sign of that type is 0.55 of its height wide at most, in the mean."""
    drawing = parse(
        draw_abstract({"taxa", "connectivity"}, chapters=["03_brain"], labels={"high": "x" * 99, "low": "y"})
    )
    assert 13 * 358 / float(drawing.get("viewBox").split()[2]) >= 9
    for text in drawing.iter(f"{SVG}text"):
        if text.get("text-anchor") == "start":
            assert float(text.get("x")) + 0.55 * 13 * len(text.text or "") <= 420 + 10, text.text


def test_what_a_cohort_lacks_is_drawn_as_lacking_and_leads_nowhere():
    chapters = [box[0] for box in BOXES] + ["06_integration", "07_verdict"]
    drawing = parse(draw_abstract({"taxa"}, chapters=chapters))
    linked = {link.get("href") for link in drawing.iter(f"{SVG}a")}
    assert linked == {f"../notebooks/{name}.html" for name in ("04_microbiome", "06_integration", "07_verdict")}
    assert "".join(drawing.itertext()).count("not in this cohort") == 3


def test_a_label_of_the_data_is_not_read_as_markup():
    hero = write_hero(FACTS | {"labels": {"high": "<b>", "low": "a*b*"}}, Findings(), [])
    assert "<b>" not in hero.replace("\\<b\\>", "") and "&lt;b&gt;" in hero


def test_simulated_participants_are_told_as_such_before_the_first_number():
    verdicts = make_verdicts([SimulatedVerdict.RECOVERED.value] * 2 + [SimulatedVerdict.MISSED.value])
    hero = write_hero(FACTS | {"kind": "simulated"}, Findings(verdicts, "An et al. 2024, Journal"), ["07_verdict"])
    assert hero.index("Simulated data") < hero.index("2 of 3")
    assert "1</strong> was missed" in hero and "one claim of An et al. 2024." in hero and "supported" not in hero


def test_real_participants_get_the_words_of_real_verdicts_and_their_own_question():
    words = [RealVerdict.SUPPORTED.value, RealVerdict.INCONCLUSIVE.value, RealVerdict.NOT_TESTABLE.value]
    hero = write_hero(FACTS, Findings(make_verdicts(words)), [])
    assert "<strong>1</strong> supported, <strong>1</strong> inconclusive. 1 claim could not be tested." in hero
    assert "imulated" not in hero and "“Healthy & well” and “Adenoma” differ in gut bacteria and metabolites?" in hero
    assert hero.count('class="claim-mark"') == 3 + 3 + 3


def test_where_no_claim_can_be_tested_no_mark_is_drawn():
    findings = Findings(make_verdicts([RealVerdict.NOT_TESTABLE.value] * 16))
    assert write_glance(findings, FACTS) == ""
    assert "None of the 16 claims" in write_hero(FACTS, findings, [])


def test_each_claim_has_one_mark_and_says_its_verdict():
    words = [word.value for word in SimulatedVerdict] * 6
    html = write_glance(Findings(make_verdicts(words)), FACTS | {"kind": "simulated"})
    told = re.findall(r"<span>([^<]+)</span><span class=\"said\">, (C\d\d): ([^<]+)<", html)
    claims = load_claims("data/claims/an2024.yml")
    assert sorted(name for _, name, _ in told) == [claim.id for claim in claims]
    assert all(word == words[int(name[1:]) - 1] for _, name, word in told)


def test_groups_below_the_small_cell_are_not_told(tmp_path):
    groups = pd.DataFrame({"score": 1.0, "group": ["high"] * 3 + ["low"] * 9}).rename_axis("participant_id")
    write_result(groups, tmp_path, "01_cohort", "groups")
    assert read_findings(tmp_path, skipped=[], small_cell=5).counts == {"high": "<5", "low": "hidden"}
    assert read_findings(tmp_path, skipped=["01_cohort"], small_cell=5) == Findings()
    assert read_findings(None, skipped=[], small_cell=5) == Findings()


def test_the_page_of_figures_shows_each_with_its_number_and_leads_to_it():
    html = '<figure class="book-figure" id="figure-{0}"><img src="{1}" alt="Dots."><figcaption class="caption">Told. <a href="x">Data</a></figcaption></figure>'
    shown = ("edges", "../figures/03_brain/edges.svg"), ("inside", "data:image/png;base64,AA")
    outputs = [new_output("display_data", {"text/html": html.format(*one)}) for one in shown]
    page = number_captions(new_notebook(cells=[new_code_cell("x", outputs=outputs)]), "3")
    figures = list_figures(page)
    assert [(one.number, one.caption, one.alt) for one in figures] == [("Figure 3.1.", "Told.", "Dots.")]
    gallery = write_gallery({"03_brain": figures, "04_microbiome": []}, {"03_brain": "Brain", "04_microbiome": "Gut"})
    assert (
        'href="../notebooks/03_brain.html#figure-edges"' in gallery
        and "## Brain" in gallery
        and "04_microbiome" not in gallery
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Null twins have no planted effects.", ["Null twins", "planted effects"]),
        ("The AUC, not an auc or AUCs2.", ["AUC"]),
        ("A max-T test; a climax-T test.", ["max-T"]),
        ("Gut barriers", ["Gut barriers"]),
        (
            "Bray–Curtis dissimilarity and Bray-Curtis dissimilarity",
            ["Bray–Curtis dissimilarity", "Bray-Curtis dissimilarity"],
        ),
    ],
)
def test_terms_are_found_as_whole_words(text, found):
    terms = list_terms((PROJECT_ROOT / "book" / "glossary.md").read_text(encoding="utf-8"))
    assert [match[0] for match in compile_terms(terms).finditer(text)] == found


def test_glossary_is_in_order_and_has_the_words_of_the_field():
    terms = list_terms((PROJECT_ROOT / "book" / "glossary.md").read_text(encoding="utf-8"))
    asked = [
        "rarefaction",
        "max-T",
        "edge",
        "network",
        "KEGG",
        "HMDB",
        "power",
        "vote",
        "permutation",
        "transcript",
        "serotonin",
        "cortisol",
    ]
    assert {*asked, "Shannon index", "Faith's PD", "ROC curve", "vagus nerve", "HPA axis", "N-acetylglutamate"} <= set(
        terms
    )
    source = (PROJECT_ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
    shown = [line for line in source.partition("```{glossary}")[2].splitlines() if line and line[0] not in " `"]
    assert shown == sorted(shown, key=str.lower)

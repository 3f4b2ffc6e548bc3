"""Amounts of metabolites: one scale, below detection apart from missing, every value as it was.

Layouts were compared with public examples; each test names them.
"""

import pandas as pd
import pytest

from helpers.problems import CohortError
from tests.importing import known_to, left, read, write
from tests.workbooks import Error, write_workbook

AMOUNTS, ABOUT = "metabolites/metabolites.tsv", "metabolites/features.tsv"
ANNOTATION = [
    ["CHEM_ID", "LIB_ID", "SUPER_PATHWAY", "SUB_PATHWAY", "CHEMICAL_NAME", "HMDB", "KEGG"],
    [35, 10, "Amino Acid", "Glutamate Metabolism", "S-1-pyrroline-5-carboxylate", "HMDB0001301", "C04322"],
    [50, 10, "Amino Acid", "Polyamine Metabolism", "spermidine", "HMDB0001257,HMDB0000001", None],
    [100020, 10, None, None, "X - 12345", None, None],
    [99, 10, "Lipid", None, "never measured", None, None],
]
META = [
    ["PARENT_SAMPLE_NAME", "CLIENT_SAMPLE_ID", "GROUP_NAME"],
    ["ABC-00001", "P01", "HC"],
    ["ABC-00002", "P02", "MDD"],
]
PEAKS = [["PARENT_SAMPLE_NAME", 35, 50, 100020], ["ABC-00002", 123456.789012345, None, 1e-7], ["ABC-00001", 5, 7.5, 0]]


def workbook(path, **sheets):
    batch = [PEAKS[0], ["ABC-00001", 1.5, 2.25, None], ["ABC-00002", 0.5, None, 1]]
    usual = {
        "Chemical Annotation": ANNOTATION,
        "Sample Meta Data": META,
        "Peak Area Data": PEAKS,
        "Batch-normalized Data": batch,
        "Batch-norm Imputed Data": batch,
        "Log Transformed Data": [PEAKS[0], ["ABC-00001", -1.5, 2.25, 0.1], ["ABC-00002", 0.5, 0.5, 1]],
    }
    return write_workbook(path, {name: rows for name, rows in (usual | sheets).items() if rows is not None})


class TestMetabolon:
    """Columns of the annotation: umahajanatlmu/metapacR, R/chemicalMetadata.R. Names of sheets (*Chemical Annotation*, *Sample Meta Data*,
    *Peak Area Data*) and the older layout (``Group   HMDB_ID`` in one cell): as code in public repositories reads them, autonomics and
    MetaboAnalystR among it. Workbooks themselves are not stored as text, so that none could be looked at."""

    def test_the_batch_normalised_sheet_is_read_by_default(self, tmp_path):
        path = workbook(tmp_path / "client.xlsx")
        assert known_to(path) == ["metabolon"]
        imported = read("metabolon", path)
        amounts = imported.tables[AMOUNTS]
        assert amounts.loc["P01", ["chem_35", "chem_50"]].tolist() == [1.5, 2.25]
        assert pd.isna(amounts.loc["P02", "chem_50"])
        about = imported.tables[ABOUT]
        assert about.loc["chem_50"].drop("kegg").to_dict() == {
            "name": "spermidine",
            "hmdb": "HMDB0001257,HMDB0000001",
            "super_pathway": "Amino Acid",
            "sub_pathway": "Polyamine Metabolism",
            "scale": "raw",
        }
        assert about.loc["chem_35", "kegg"] == "C04322"
        assert pd.isna(about.loc["chem_50", "kegg"])
        assert about["scale"].tolist() == ["raw"] * 3
        assert about["name"].tolist() == ["S-1-pyrroline-5-carboxylate", "spermidine", "X - 12345"]
        assert left(imported) == {
            "columns of Sample Meta Data (GROUP_NAME)": 1,
            "metabolites of the annotation without data": 1,
        }
        assert any("2 blank cells stayed missing" in note for note in imported.notes)
        assert any("--sheet" in note for note in imported.notes)

    def test_peak_areas_keep_every_digit(self, tmp_path):
        path = workbook(tmp_path / "client.xlsx", **{"Batch-normalized Data": None})
        amounts = read("metabolon", path).tables[AMOUNTS]
        assert amounts.loc["P02", "chem_35"] == 123456.789012345
        assert amounts.loc["P02", "chem_100020"] == 1e-7
        assert amounts.loc["P01"].tolist() == [5, 7.5, 0]

    def test_other_sheets_say_their_scale_and_that_they_are_imputed(self, tmp_path):
        path = workbook(tmp_path / "client.xlsx")
        logged = read("metabolon", path, sheet="Log Transformed Data")
        assert logged.tables[ABOUT]["scale"].unique().tolist() == ["log"]
        assert logged.tables[AMOUNTS].loc["P01", "chem_35"] == -1.5
        imputed = read("metabolon", path, sheet="Batch-norm Imputed Data")
        assert any("filled in" in note for note in imputed.notes)
        with pytest.raises(CohortError, match="no sheet 'Volume'"):
            read("metabolon", path, sheet="Volume")

    def test_another_column_of_ids(self, tmp_path):
        path = workbook(tmp_path / "client.xlsx")
        assert list(read("metabolon", path, column="PARENT_SAMPLE_NAME").tables[AMOUNTS].index) == [
            "ABC-00001",
            "ABC-00002",
        ]
        with pytest.raises(CohortError, match="no 'AGE'"):
            read("metabolon", path, column="AGE")

    def test_the_older_layout(self, tmp_path):
        rows = [
            [None, None, None, None, None, "CLIENT_IDENTIFIER", "P01", "P02"],
            [None, None, None, None, None, "SAMPLE_BOX_LOCATION", "A1", "A2"],
            [
                "PATHWAY_SORTORDER",
                "BIOCHEMICAL",
                "SUPER_PATHWAY",
                "SUB_PATHWAY",
                "COMP_ID",
                "Group   HMDB_ID",
                "HC",
                "MDD",
            ],
            [1, "glycine", "Amino Acid", "Glycine Metabolism", 32338, "HMDB00123", 1000.25, 900],
            [2, "X - 1", None, None, 40000, None, None, 3.5],
        ]
        path = write_workbook(tmp_path / "old.xlsx", {"Explanation": [["See OrigScale"]], "OrigScale": rows})
        assert known_to(path) == []  # the sheet stands behind another, with no texts in common
        path = write_workbook(tmp_path / "old.xlsx", {"OrigScale": rows})
        assert known_to(path) == ["metabolon"]
        imported = read("metabolon", path)
        assert imported.tables[AMOUNTS].loc["P01", "comp_32338"] == 1000.25
        assert pd.isna(imported.tables[AMOUNTS].loc["P01", "comp_40000"])
        assert imported.tables[AMOUNTS]["comp_40000"]["P02"] == 3.5
        assert imported.tables[ABOUT].loc["comp_32338", ["name", "hmdb", "super_pathway"]].tolist() == [
            "glycine",
            "HMDB00123",
            "Amino Acid",
        ]
        assert left(imported) == {"lines of samples (SAMPLE_BOX_LOCATION)": 1}

    @pytest.mark.parametrize(
        "sheets, said",
        [
            ({"Chemical Annotation": ANNOTATION[:2]}, "2 metabolites without a line"),
            ({"Sample Meta Data": META[:2]}, "1 sample without a line"),
            ({"Sample Meta Data": [*META[:2], ["ABC-00002", "P01", "MDD"]]}, "'P01' more than once"),
            ({"Batch-normalized Data": [PEAKS[0], ["ABC-00001", "high", 1, 2]]}, "expected a number"),
            ({"Batch-normalized Data": [["SAMPLE", 35], ["ABC-00001", 1]]}, "no column PARENT_SAMPLE_NAME"),
            ({"Batch-normalized Data": [PEAKS[0]]}, "a header without rows"),
        ],
    )
    def test_damage_is_said_in_a_sentence(self, tmp_path, sheets, said):
        with pytest.raises(CohortError, match=said):
            read("metabolon", workbook(tmp_path / "client.xlsx", **sheets))


class TestPlainMetabolites:
    def test_below_detection_is_not_missing(self, tmp_path):
        text = "sample,IL-6,CRP,indole\ns1,<0.5,1.25,ND\ns2,2,,n.d.\ns3,3,< LOD,7\n"
        imported = read("plain", write(tmp_path / "m.csv", text), role="metabolites")
        amounts = imported.tables[AMOUNTS]
        assert amounts["IL-6"].tolist() == [0, 2, 3]
        assert amounts["indole"].tolist() == [0, 0, 7]
        assert pd.isna(amounts.loc["s2", "CRP"])
        assert amounts.loc["s3", "CRP"] == 0
        assert imported.tables[ABOUT]["name"].tolist() == ["IL-6", "CRP", "indole"]
        assert any("4 cells below detection became 0" in note for note in imported.notes)
        assert any("1 blank cell stayed missing" in note for note in imported.notes)

    def test_on_a_log_scale_below_detection_is_missing(self, tmp_path):
        text = "metabolite;s1;s2\nindole;-1,5;<LOD\nglycine;2,25;0\n"
        imported = read("plain", write(tmp_path / "m.csv", text), role="metabolites")
        assert imported.tables[ABOUT]["scale"].tolist() == ["log", "log"]
        assert imported.tables[AMOUNTS].loc["s1"].tolist() == [-1.5, 2.25]
        assert pd.isna(imported.tables[AMOUNTS].loc["s2", "indole"])
        assert imported.tables[AMOUNTS].loc["s2", "glycine"] == 0

    def test_what_is_no_amount_is_refused(self, tmp_path):
        with pytest.raises(CohortError, match="expected a number"):
            read("plain", write(tmp_path / "m.csv", "sample,a\ns1,>500\n"), role="metabolites")

    def test_an_error_of_a_formula_is_missing(self, tmp_path):
        rows = [["sample", "a", "b"], ["s1", Error("#DIV/0!"), 2], ["s2", 1.5, 3]]
        path = write_workbook(tmp_path / "m.xlsx", {"Data": rows})
        assert pd.isna(read("plain", path, role="metabolites").tables[AMOUNTS].loc["s1", "a"])


class TestMetaboAnalyst:
    """Layout: xia-lab/MetaboAnalystR, src/main/webapp/resources/data/dup_feat_example.csv (``Sample`` first), and the documentation of its formats
    for the class (second column, or second line)."""

    def test_the_class_is_no_metabolite(self, tmp_path):
        upright = write(
            tmp_path / "a.csv", 'Sample,Label,"1,6-anhydro",Acetate\nP1,cachexic,40.85,86.49\nP2,control,0,NA\n'
        )
        turned = write(
            tmp_path / "b.csv", 'Sample,P1,P2\nLabel,cachexic,control\n"1,6-anhydro",40.85,0\nAcetate,86.49,NA\n'
        )
        assert known_to(upright) == known_to(turned) == ["metaboanalyst"]
        for path in (upright, turned):
            imported = read("metaboanalyst", path)
            assert imported.tables[AMOUNTS]["1,6-anhydro"].to_dict() == {"P1": 40.85, "P2": 0}
            assert pd.isna(imported.tables[AMOUNTS].loc["P2", "Acetate"])
            assert imported.tables["participants.tsv"]["Label"].to_dict() == {"P1": "cachexic", "P2": "control"}
            assert imported.tables[ABOUT]["scale"].tolist() == ["raw", "raw"]

    @pytest.mark.parametrize(
        "text, said",
        [
            ("Sample,A,A\nLabel,x,y\nB,1,2\n", "more than once"),
            ("Sample,Label,A\nP1,x,1\nP1,y,2\n", "'P1' more than once"),
            ("Sample,A,B\nP1,1,2\n", "the class of every sample"),
        ],
    )
    def test_damage_is_said_in_a_sentence(self, tmp_path, text, said):
        with pytest.raises(CohortError, match=said):
            read("metaboanalyst", write(tmp_path / "a.csv", text))


MWTAB = (
    "#METABOLOMICS WORKBENCH STUDY_ID:ST000001 ANALYSIS_ID:AN000001 PROJECT_ID:PR000001\nVERSION             \t1\n"
    "#SUBJECT_SAMPLE_FACTORS:         \tSUBJECT(optional)[tab]SAMPLE[tab]FACTORS(NAME:VALUE pairs separated by |)\n"
    "SUBJECT_SAMPLE_FACTORS           \t-\tLabF_115904\tGenotype:ko\n#MS_METABOLITE_DATA\nMS_METABOLITE_DATA:UNITS\tPeak height\nMS_METABOLITE_DATA_START\n"
    "Samples\tLabF_115904\tLabF_115909\nFactors\tGenotype:ko\tGenotype:wt\n1,2,4-benzenetriol\t1874.0000\t0.0000\nalanine\t122481.5\t\n"
    "MS_METABOLITE_DATA_END\n#METABOLITES\nMETABOLITES_START\nmetabolite_name\tpubchem_id\tkegg_id\nalanine\t5950\tC00041\nMETABOLITES_END\n#END\n"
)


class TestMwtab:
    """Layout: MoseleyBioinformaticsLab/mwtab, tests/example_data/mwtab_files/ST000001_AN000001.txt."""

    def test_amounts_by_sample(self, tmp_path):
        path = write(tmp_path / "ST000001_AN000001.txt", MWTAB)
        assert known_to(path) == ["mwtab"]
        imported = read("mwtab", path)
        assert imported.tables[AMOUNTS]["1,2,4-benzenetriol"].to_dict() == {"LabF_115904": 1874, "LabF_115909": 0}
        assert imported.tables[AMOUNTS].loc["LabF_115904", "alanine"] == 122481.5
        assert pd.isna(imported.tables[AMOUNTS].loc["LabF_115909", "alanine"])
        assert imported.tables[ABOUT].loc["alanine", "kegg"] == "C00041"
        assert imported.tables[ABOUT]["scale"].tolist() == ["raw", "raw"]
        assert left(imported) == {"columns of METABOLITES (pubchem_id)": 1, "lines of factors": 1}
        assert any("Peak height" in note for note in imported.notes)
        assert any("1 cells are 0" in note for note in imported.notes)

    @pytest.mark.parametrize(
        "change, said",
        [
            (
                lambda text: text.replace("\tLabF_115909\nFactors", "\tLabF_115904\nFactors"),
                "'LabF_115904' more than once",
            ),
            (lambda text: text.replace("\nalanine\t122", "\n1,2,4-benzenetriol\t122"), "more than once"),
            (lambda text: text.replace("1874.0000\t0.0000", "1874.0000"), "2 cells, 3 in the line of samples"),
            (lambda text: text.replace("MS_METABOLITE_DATA_END", ""), "without MS_METABOLITE_DATA_END"),
            (lambda text: text.replace("MS_METABOLITE_DATA_START", ""), "0 blocks"),
            (lambda text: text.replace("1874.0000", "much"), "expected a number"),
        ],
    )
    def test_damage_is_said_in_a_sentence(self, tmp_path, change, said):
        with pytest.raises(CohortError, match=said):
            read("mwtab", write(tmp_path / "a.txt", change(MWTAB)))

"""Exports with what is known of participants: values as they were, labels by the dictionary, personal columns out.

Layouts were compared with public examples; each test names them.
"""

import datetime as dt
import json

import pandas as pd
import pyreadstat
import pytest

from helpers.importers.base import Options
from helpers.importers.into_cohort import import_files
from helpers.importers.personal import find_personal, judge_name
from helpers.problems import CohortError
from tests.importing import known_to, left, read, write
from tests.workbooks import write_workbook


class TestPersonal:
    @pytest.mark.parametrize(
        "name",
        (
            *("Name", "first_name", "name_last", "Vorname", "initials", "home_address", "Straße", "ZIP", "city", "PLZ"),
            *("E-mail", "telephone", "Mobile number", "dob", "date_of_birth", "Geburtsdatum", "IPAddress", "MRN"),
            *("LocationLatitude", "RecipientFirstName", "gps_lon"),
        ),
    )
    def test_names_of_personal_columns(self, name):
        assert judge_name(name)

    @pytest.mark.parametrize(
        "name",
        (
            *("site_name", "drug_name", "age", "birth_year", "birth_weight", "handedness", "capacity", "lateral"),
            *(
                "headache",
                "mobile_use",
                "ip_score",
                "country",
                "phonetics",
                "cd_risc_01",
                "record_id",
                "emailed_survey",
            ),
        ),
    )
    def test_names_of_other_columns(self, name):
        assert judge_name(name) is None

    def test_columns_that_are_personal_by_content(self):
        table = pd.DataFrame(
            {
                "contact": ["a@b.org", None],
                "where": ["10.0.0.1", "10.0.0.2"],
                "said": ["x" * 101, "y"],
                "lines": ["a\nb", "c"],
                "version": ["1.2.3", "1.2.4"],
                "site": ["Rome", "Oslo"],
            }
        )
        assert set(find_personal(table)) == {"contact", "where", "said", "lines"}


class TestBids:
    """Layout: bids-standard/bids-examples, ds114/participants.tsv and pet002/participants.tsv with participants.json."""

    def test_participants_and_their_sidecar(self, tmp_path):
        text = "participant_id\tage\tsex\tgroup\temail\nsub-01\t25\tM\tHC\ta@b.org\nsub-02\tn/a\tF\tMDD\tn/a\n"
        path = write(tmp_path / "participants.tsv", text)
        write(
            tmp_path / "participants.json",
            json.dumps({"age": {"Description": "age", "Units": "years"}, "group": {"Levels": {"HC": "healthy"}}}),
        )
        assert known_to(path) == ["bids"]
        imported = read("bids", path)
        table = imported.tables["participants.tsv"]
        assert table.loc["sub-01"].to_dict() == {"age": "25", "sex": "M", "group": "HC"}
        assert pd.isna(table.loc["sub-02", "age"])
        assert left(imported) == {"cells of the column email": 1}
        assert json.loads(imported.texts["participants.json"])["group"] == {"Levels": {"HC": "healthy"}}

    def test_spelling_of_columns_and_of_sex(self, tmp_path):
        path = write(tmp_path / "participants.tsv", "participant_id\tAge\tSex\nsub-01\t25\tmale\nsub-02\t30\tFemale\n")
        imported = read("bids", path)
        assert imported.tables["participants.tsv"].to_dict("list") == {"age": ["25", "30"], "sex": ["M", "F"]}
        assert "F and M" in " ".join(imported.notes)

    def test_a_phenotype_is_named_after_its_questionnaire(self, tmp_path):
        text = "participant_id\tBRS1\tBRS2\tBRS3\nsub-01\t1\t2\tn/a\n"
        path = write(tmp_path / "phenotype" / "resilience.tsv", text)
        write(tmp_path / "phenotype" / "resilience.json", '{"BRS1": {"Description": "item 1"}}')
        other = write(tmp_path / "phenotype" / "acds_adult.tsv", "participant_id\tacds_1\nsub-01\t3\n")
        assert known_to(path) == known_to(other) == ["bids"]
        imported = read("bids", path, other)
        assert imported.tables["phenotype/brs.tsv"].loc["sub-01", ["brs_1", "brs_2"]].tolist() == ["1", "2"]
        assert json.loads(imported.texts["phenotype/brs.json"]) == {"brs_1": {"Description": "item 1"}}
        assert imported.tables["phenotype/acds_adult.tsv"].loc["sub-01", "acds_1"] == "3"

    def test_one_session_is_kept(self, tmp_path):
        text = "participant_id\tsession_id\tmood\nsub-01\tses-1\t3\nsub-01\tses-2\t5\nsub-02\tses-1\t4\n"
        path = write(tmp_path / "phenotype" / "mood.tsv", text)
        with pytest.raises(CohortError, match="choose with --visit: '1', '2'"):
            read("bids", path)
        imported = read("bids", path, visit="ses-1")
        assert imported.tables["phenotype/mood.tsv"]["mood"].to_dict() == {"sub-01": "3", "sub-02": "4"}
        assert left(imported) == {"rows of other sessions": 1}
        with pytest.raises(CohortError, match="no session '3'"):
            read("bids", path, visit="3")

    @pytest.mark.parametrize(
        "text, said",
        [
            ("participant_id\tage\nsub-01\t1\nsub-01\t2\n", "'sub-01' more than once"),
            ("participant_id\tage\nn/a\t1\n", "1 row without an id"),
            ("participant_id\tage\tage\nsub-01\t1\t2\n", "the column 'age' more than once"),
            ("subject\tage\nsub-01\t1\n", "no column participant_id"),
        ],
    )
    def test_damage_is_said_in_a_sentence(self, tmp_path, text, said):
        with pytest.raises(CohortError, match=said):
            read("bids", write(tmp_path / "participants.tsv", text))

    def test_a_damaged_sidecar_and_bytes_that_are_no_utf8_are_refused(self, tmp_path):
        path = write(tmp_path / "participants.tsv", "participant_id\tage\nsub-01\t1\n")
        write(tmp_path / "participants.json", "{")
        with pytest.raises(CohortError, match="no readable JSON"):
            read("bids", path)
        path.write_bytes("participant_id\tgroup\nsub-01\tMädchen\n".encode("cp1252"))
        with pytest.raises(CohortError, match="not UTF-8"):
            read("bids", path)


DICTIONARY = (
    '"Variable / Field Name","Form Name","Section Header","Field Type","Field Label","Choices, Calculations, OR Slider Labels","Field Note",'
    '"Text Validation Type OR Show Slider Number","Text Validation Min","Text Validation Max",Identifier?\n'
    'record_id,demographics,,text,"Study ID",,,,,,\n'
    'v12,demographics,,text,"Full contact",,,,,,y\n'
    "dob,demographics,,text,Born,,,date_ymd,,,\n"
    'birth,demographics,,text,"Date of birth",,,date_ymd,,,\n'
    'age,demographics,,calc,"<b>Age</b> (years)","rounddown(1)",,,,,\n'
    'sex,demographics,,radio,Gender,"0, Female | 1, Male",,,,,\n'
    'smoker,demographics,,yesno,"Do you smoke?",,,,,,\n'
    'race,demographics,,checkbox,"Race","1, Asian | 2, White",,,,,\n'
    'site,demographics,,dropdown,Site,"1, Rome | 2, Oslo",,,,,\n'
    "weight,demographics,,text,Weight,,,number_comma_decimal,,,\n"
    "plain_number,demographics,,text,Number,,,,,,\n"
    "said,demographics,,text,Anything,,,,,,\n"
    "comments,demographics,,notes,Comments,,,,,,\n"
    'brs_1,brs,,radio,"Item 1","1, Strongly disagree | 5, Strongly agree",,,,,\n'
    'brs_2,brs,,radio,"Item 2","1, Strongly disagree | 5, Strongly agree",,,,,\n'
    "conc,laboratory,,text,Concentration,,,number,,,\n"
)
EXPORT = (
    "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,redcap_survey_identifier,v12,dob,birth,age,sex,smoker,race___1,"
    "race___2,site,weight,plain_number,said,comments,demographics_complete,brs_timestamp,brs_1,brs_2,brs_complete,conc,laboratory_complete\n"
    '1,visit_1_arm_1,,,,"14 Rose\nStreet",2001-01-01,2001-01-01,24,0,1,1,0,2,"70,5",7,words,"long\ntext",2,2026-01-01,1,5,2,,\n'
    "1,visit_1_arm_1,laboratory,1,,,,,,,,,,,,,,,,,,,,111.1,3\n"
    "1,visit_1_arm_1,laboratory,2,,,,,,,,,,,,,,,,,,,,111.2,2\n"
    "1,visit_2_arm_1,,,,,,,25,,,,,,,,,,0,,2,2,2,,\n"
    "2,visit_1_arm_1,,,,y,2001-02-01,,30,1,0,0,1,9,80,8,,,2,,5,5,2,,\n"
)


class TestRedcap:
    """Layout: OuhscBbmc/REDCapR, inst/test-data/projects/longitudinal-with-repeating-instrument/data.csv (events, repeated
    instruments), inst/test-data/project-simple/simple-data.csv and simple_data_dictionary.csv (checkboxes, ``*_complete``, dictionary)."""

    @pytest.fixture
    def export(self, tmp_path):
        return write(tmp_path / "data.csv", EXPORT), write(tmp_path / "dictionary.csv", DICTIONARY)

    def test_labels_numbers_and_what_is_left_out(self, export):
        assert known_to(export[0]) == known_to(export[1]) == ["redcap"]
        imported = read("redcap", *export, visit="visit_1_arm_1")
        people = imported.tables["participants.tsv"]
        assert people.loc["1"].to_dict() == {
            "age": "24",
            "sex": "F",
            "smoker": "Yes",
            "race___1": "1",
            "race___2": "0",
            "site": "Oslo",
            "weight": "70.5",
            "plain_number": "7",
        }
        assert people.loc["2", "site"] == "9"
        assert any("site ('9')" in note for note in imported.notes)
        answers = imported.tables["phenotype/brs.tsv"]
        assert answers.to_dict("index") == {"1": {"brs_1": "1", "brs_2": "5"}, "2": {"brs_1": "5", "brs_2": "5"}}
        assert left(imported) == {
            "rows of other events": 1,
            "rows of repeated instruments (laboratory)": 2,
            "columns of the state of forms (demographics_complete, brs_complete, laboratory_complete)": 3,
            "columns of the time of surveys (brs_timestamp)": 1,
            "columns of surveys (redcap_survey_identifier)": 1,
            "columns without a value (conc)": 1,
            "cells of the column v12": 2,
            "cells of the column dob": 2,
            "cells of the column birth": 1,
            "cells of the column said": 1,
            "cells of the column comments": 1,
        }
        sidecar = json.loads(imported.texts["participants.json"])
        assert sidecar["age"] == {"Description": "Age (years)"}
        assert sidecar["site"]["Levels"] == {"Rome": "code 1", "Oslo": "code 2"}
        assert sidecar["race___2"]["Description"] == "Race: White"

    def test_the_event_must_be_chosen(self, export):
        with pytest.raises(CohortError, match="choose with --visit: 'visit_1_arm_1', 'visit_2_arm_1'"):
            read("redcap", *export)
        with pytest.raises(CohortError, match="no event 'visit_9'"):
            read("redcap", *export, visit="visit_9")

    def test_without_a_dictionary_codes_stay_and_it_is_said(self, export):
        imported = read("redcap", export[0], visit="visit_1_arm_1")
        assert imported.tables["participants.tsv"].loc["1", "site"] == "2"
        assert "--dictionary" in imported.notes[0]
        assert "v12" not in imported.tables["participants.tsv"]  # lines within a cell: free text
        assert "dob" not in imported.tables["participants.tsv"]

    def test_labels_above_and_in_cells_are_turned_by_the_dictionary(self, tmp_path, export):
        text = (
            "Study ID,Age (years),Gender,Race (choice=Asian),Race (choice=White),Item 1,Item 2,Complete?,Complete?\n"
            "1,24,Female,Checked,Unchecked,Strongly disagree,Strongly agree,Complete,Complete\n"
        )
        data = write(tmp_path / "labels.csv", text)
        imported = read("redcap", data, dictionary=export[1])
        assert imported.tables["participants.tsv"].loc["1"].to_dict() == {
            "age": "24",
            "sex": "F",
            "race___1": "1",
            "race___2": "0",
        }
        assert imported.tables["phenotype/brs.tsv"].loc["1"].tolist() == ["1", "5"]
        with pytest.raises(CohortError, match="labels above the columns"):
            read("redcap", data)

    def test_answers_as_labels_without_a_dictionary_are_refused(self, tmp_path):
        data = write(tmp_path / "x.csv", "record_id,brs_1,brs_2,brs_complete\n1,Strongly disagree,5,2\n")
        assert known_to(data) == ["redcap"]
        with pytest.raises(CohortError, match="the number of an answer"):
            read("redcap", data)

    @pytest.mark.parametrize(
        "text, said",
        [
            ("record_id,age,x_complete\n1,2,2\n1,3,2\n", "'1' more than once"),
            ("record_id,age,x_complete\n,2,2\n", "1 row without an id"),
            ("record_id,age,age,x_complete\n1,2,2,2\n", "the field 'age' more than once"),
            (
                "record_id,redcap_repeat_instrument,redcap_repeat_instance,a\n1,lab,1,3\n",
                "no row of participants themselves",
            ),
            ('record_id,age,x_complete\n1,"2,2\n', "2 cells where the header has 3"),
        ],
    )
    def test_damage_is_said_in_a_sentence(self, tmp_path, text, said):
        with pytest.raises(CohortError, match=said):
            read("redcap", write(tmp_path / "data.csv", text))

    def test_repeated_events_keep_the_first(self, tmp_path):
        text = "record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,age\n1,a,,1,20\n1,a,,2,21\n"
        imported = read("redcap", write(tmp_path / "data.csv", text))
        assert imported.tables["participants.tsv"]["age"].to_dict() == {"1": "20"}
        assert left(imported) == {"rows of repeated events": 1}


QUALTRICS = (
    "StartDate,Status,IPAddress,Finished,ResponseId,RecipientLastName,RecipientEmail,ExternalReference,LocationLatitude,UserLanguage,code,Q1,Q2,Q2 - Topics\n"
    'Anfangsdatum,Antworttyp,IP-Adresse,Beendet,Antwort-ID,Nachname,E-Mail,Referenz,Breitengrad,Sprache,code,"A choice, of\ntwo",A text.,Q2 - Topics\n'
    + ",".join(
        f'"{{""ImportId"":""{name}""}}"'
        for name in [
            "startDate",
            "status",
            "ipAddress",
            "finished",
            "_recordId",
            "recipientLastName",
            "recipientEmail",
            "externalDataReference",
            "locationLatitude",
            "userLanguage",
            "code",
            "QID1",
            "QID2_TEXT",
            "QID2_TEXT_e7Topics",
        ]
    )
    + "\n2017-07-18,0,130.92.34.66,1,R_2Y,Doe,,,47.1,DE,P01,2,Hello World!,\n"
    "2017-07-18,1,130.92.34.67,1,R_3Y,,,,47.1,DE,P02,2,Hi,\n2017-07-18,0,130.92.34.68,0,R_4Y,,,,,DE,P03,,,\n"
    "2017-07-19,0,130.92.34.69,1,R_5Y,,,,47.2,DE,P04,1,,\n"
)


class TestQualtrics:
    """Layout: ropensci/qualtRics, tests/testthat/files/sample.csv (three header lines, questions in the survey's language)."""

    def test_finished_answers_without_who_gave_them(self, tmp_path):
        path = write(tmp_path / "survey.csv", QUALTRICS)
        assert known_to(path) == ["qualtrics"]
        imported = read("qualtrics", path, column="code")
        table = imported.tables["participants.tsv"]
        assert table.to_dict("index") == {"P01": {"Q1": "2"}, "P04": {"Q1": "1"}}
        assert left(imported) == {
            "previews": 1,
            "unfinished responses": 1,
            "cells of the column IPAddress": 2,
            "cells of the column RecipientLastName": 1,
            "cells of the column RecipientEmail": 0,
            "cells of the column ExternalReference": 0,
            "cells of the column LocationLatitude": 2,
            "cells of the column Q2": 1,
            "columns of the survey (StartDate, Status, Finished, ResponseId, UserLanguage)": 5,
            "columns without a value (Q2 - Topics)": 1,
        }
        assert json.loads(imported.texts["participants.json"])["Q1"]["Description"] == "A choice, of two"

    def test_the_response_serves_as_id_and_it_is_said(self, tmp_path):
        imported = read("qualtrics", write(tmp_path / "survey.csv", QUALTRICS))
        assert list(imported.tables["participants.tsv"].index) == ["R_2Y", "R_5Y"]
        assert "--column" in imported.notes[0]

    def test_damage_is_said_in_a_sentence(self, tmp_path):
        with pytest.raises(CohortError, match="no line of ImportId"):
            read("qualtrics", write(tmp_path / "a.csv", "a,b\nc,d\n1,2\n"))
        only = QUALTRICS.replace("66,1,R", "66,0,R").replace("69,1,R", "69,0,R")
        with pytest.raises(CohortError, match="no finished response"):
            read("qualtrics", write(tmp_path / "b.csv", only))


@pytest.fixture
def data_set():
    frame = pd.DataFrame(
        {
            "participant_id": ["s1", "s2", "s3"],
            "sex": [1.0, 2.0, 2.0],
            "income": [1.0, 99.0, 3.5],
            "brs_1": [1.0, 5.0, 3.0],
            "brs_2": [2.0, 4.0, 99.0],
            "e_mail": ["a@b.org", "", "c@d.org"],
            "visit": [dt.date(2026, 1, 2)] * 3,
        }
    )
    labels = {"sex": {1.0: "Male", 2.0: "Female"}, "brs_1": {1.0: "disagree", 5.0: "agree"}, "income": {1.0: "low"}}
    return frame, labels


class TestStatisticsPackages:
    """Files are written by pyreadstat itself, as SPSS and Stata do; WizardMac/ReadStat defines the layout."""

    def test_spss_with_value_labels_and_user_missing(self, tmp_path, data_set):
        frame, labels = data_set
        path = tmp_path / "data.sav"
        pyreadstat.write_sav(
            frame,
            str(path),
            variable_value_labels=labels,
            missing_ranges={"income": [99], "brs_2": [{"lo": 90, "hi": 99}]},
            column_labels={"income": "Income in k€"},
        )
        assert known_to(path) == ["spss"]
        imported = read("spss", path, role="participants")
        people = imported.tables["participants.tsv"]
        assert people["sex"].tolist() == ["M", "F", "F"]
        assert people["income"].tolist()[::2] == ["1", "3.5"]
        assert pd.isna(people.loc["s2", "income"])
        assert people["visit"].tolist() == ["2026-01-02"] * 3
        assert imported.tables["phenotype/brs.tsv"]["brs_1"].tolist() == ["1", "5", "3"]
        assert pd.isna(imported.tables["phenotype/brs.tsv"].loc["s3", "brs_2"])
        assert left(imported) == {"cells marked as missing by the file": 2, "cells of the column e_mail": 2}
        assert json.loads(imported.texts["participants.json"])["income"]["Description"] == "Income in k€"
        assert any(note.startswith("income kept its numbers") for note in imported.notes)

    def test_stata(self, tmp_path, data_set):
        frame, _ = data_set
        path = tmp_path / "data.dta"
        pyreadstat.write_dta(frame, str(path), variable_value_labels={"sex": {1: "Male", 2: "Female"}})
        assert known_to(path) == ["stata"]
        imported = read("stata", path, role="participants")
        assert imported.tables["participants.tsv"]["sex"].tolist() == ["M", "F", "F"]
        assert imported.tables["phenotype/brs.tsv"]["brs_2"].tolist() == ["2", "4", "99"]
        assert left(imported) == {"cells of the column e_mail": 2}

    def test_sas_transport_files_and_damaged_data_sets(self, tmp_path):
        """Transport files are written by pyreadstat, whose layout is that of SAS (TS-140); it writes no sas7bdat, so of that only its mark is known here."""
        frame = pd.DataFrame({"SUBJECT": ["s1", "s2"], "AGE": [30.0, None], "SEX": ["F", "M"]})
        path = tmp_path / "dm.xpt"
        pyreadstat.write_xport(frame, str(path), file_format_version=5)
        assert known_to(path) == ["sas"]
        people = read("sas", path, role="participants").tables["participants.tsv"]
        assert people["sex"].tolist() == ["F", "M"] and people["age"].tolist()[0] == "30"
        assert pd.isna(people.loc["s2", "age"])
        data = tmp_path / "dm.sas7bdat"
        data.write_bytes(
            bytes.fromhex("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011") + b"\x00" * 500
        )
        assert known_to(data) == ["sas"]
        with pytest.raises(CohortError, match="cannot be read"):
            read("sas", data, role="participants")

    def test_numbers_by_role(self, tmp_path):
        frame = pd.DataFrame({"id": ["s1", "s2"], "crp": [0.1, 1e-7], "il6": [3.0, None]})
        path = tmp_path / "blood.sav"
        pyreadstat.write_sav(frame, str(path))
        imported = read("spss", path, role="blocks/cytokines")
        table = imported.tables["blocks/cytokines.tsv"]
        assert table["crp"].tolist() == [0.1, 1e-7]
        assert pd.isna(table.loc["s2", "il6"])

    def test_damage_is_said_in_a_sentence(self, tmp_path, data_set):
        path = tmp_path / "data.sav"
        pyreadstat.write_sav(data_set[0], str(path))
        with pytest.raises(CohortError, match="--role participants"):
            read("spss", path)
        whole = path.read_bytes()
        for cut in (10, 200, len(whole) // 2):
            path.write_bytes(whole[:cut])
            with pytest.raises(CohortError):
                read("spss", path, role="participants")
        path.write_bytes(b"$FL2" + b"\x00" * 500)
        with pytest.raises(CohortError, match="cannot be read"):
            read("spss", path, role="participants")


class TestPlain:
    """Any table: no layout to compare with."""

    def test_it_is_never_guessed(self, tmp_path):
        assert known_to(write(tmp_path / "a.csv", "id,age\n1,2\n")) == []
        with pytest.raises(CohortError, match="--role participants"):
            read("plain", tmp_path / "a.csv")
        with pytest.raises(CohortError, match="the role 'brain'"):
            read("plain", tmp_path / "a.csv", role="brain")

    def test_the_command_takes_a_role_and_joins_sidecars(self, tmp_path):
        plain = write(tmp_path / "in.csv", "id,sex,age\n1,male,20\n2,female,30\n")
        export = write(tmp_path / "data.csv", "record_id,site,x_complete\n1,1,2\n2,2,2\n")
        dictionary = write(tmp_path / "dictionary.csv", DICTIONARY)
        folder = tmp_path / "mine"
        import_files([plain, export, dictionary], folder, options=Options(role="participants"))
        assert (folder / "participants.tsv").read_text() == (
            "participant_id\tsite\tsex\tage\n1\tRome\tM\t20\n2\tOslo\tF\t30\n"
        )
        sidecar = json.loads((folder / "participants.json").read_text())
        assert sidecar["sex"]["Levels"] == {"F": "female", "M": "male"}
        assert sidecar["site"]["Description"] == "Site"
        with pytest.raises(CohortError, match="--role"):
            import_files([plain], tmp_path / "other")

    def test_semicolons_and_decimal_commas_are_told(self, tmp_path):
        path = write(tmp_path / "a.csv", "Subject;Age;bmi;E-Mail;cd_risc_total\nP1;25,5;21,25;x@y.de;80\nP2;30;;;75\n")
        imported = read("plain", path, role="participants")
        assert imported.tables["participants.tsv"].loc["P1"].to_dict() == {"age": "25.5", "bmi": "21.25"}
        assert imported.tables["phenotype/cd_risc.tsv"]["total"].tolist() == ["80", "75"]
        assert left(imported) == {"cells of the column E-Mail": 1}
        assert "2 numbers with a decimal comma" in imported.notes[0]

    def test_commas_and_points_in_one_table_are_refused(self, tmp_path):
        path = write(tmp_path / "a.csv", "id;a;b\n1;2,5;3\n2;2;3.5\n")
        with pytest.raises(CohortError, match="one sign for decimals"):
            read("plain", path, role="blocks/blood")

    def test_a_questionnaire_with_the_contracts_names(self, tmp_path):
        path = write(tmp_path / "a.csv", "id,CD-RISC 1,cdrisc_2,name\n007,0,4,Doe\n")
        imported = read("plain", path, role="phenotype/cd_risc")
        assert imported.tables["phenotype/cd_risc.tsv"].to_dict("index") == {
            "007": {"cd_risc_01": "0", "cd_risc_02": "4"}
        }
        assert left(imported) == {"cells of the column name": 1}

    def test_volumes_and_blocks(self, tmp_path):
        path = write(tmp_path / "v.tsv", "subject_id\teTIV\tleft amygdala\ns1\t1500000\t1500.25\n")
        volumes = read("plain", path, role="volumes").tables["brain/volumes.tsv"]
        assert volumes.loc["s1"].to_dict() == {"icv": 1500000, "left amygdala": 1500.25}
        imported = read("plain", path, role="blocks/my_volumes")
        assert json.loads(imported.texts["blocks/my_volumes.json"]) == {
            "title": "My volumes",
            "unit": "as measured",
            "modality": "other",
            "transform": "none",
            "groups": {},
        }

    def test_taxa_as_counts_or_shares(self, tmp_path):
        counts = write(tmp_path / "c.csv", "taxon,s1,s2\nA,5,0\nB,1,7\n")
        imported = read("plain", counts, role="taxa")
        assert imported.tables["microbiome/taxa.tsv"].to_dict("index") == {
            "s1": {"A": 5, "B": 1},
            "s2": {"A": 0, "B": 7},
        }
        shares = write(tmp_path / "s.csv", "sample,A,B\ns1,99.5,0.5\ns2,40,60\n")
        assert read("plain", shares, role="taxa").settings == {"scale": {"taxa": "percent"}}
        other = write(tmp_path / "o.csv", "sample,A,B\ns1,9.5,0.5\ns2,40,60\n")
        with pytest.raises(CohortError, match="neither counts nor shares"):
            read("plain", other, role="taxa")

    def test_a_workbook_with_dates(self, tmp_path):
        rows = [
            ["id", "age", "seen", None],
            ["s1", 25, dt.date(2026, 1, 31), None],
            ["s2", 30.5, None, None],
            [None] * 4,
        ]
        path = write_workbook(tmp_path / "a.xlsx", {"Data": rows, "Empty": []})
        assert known_to(path) == []
        imported = read("plain", path, role="participants")
        table = imported.tables["participants.tsv"]
        assert table.loc["s1"].to_dict() == {"age": "25", "seen": "2026-01-31"}
        assert table.loc["s2", "age"] == "30.5"
        assert "1 cell hold dates (in seen)" in imported.notes[0]

    @pytest.mark.parametrize(
        "rows, merged, said",
        [
            ([["id", "scores", None], ["s1", 1, 2]], ["B1:C1"], "merged cells"),
            ([["id", "a", "b"], ["", "mg", "ml"], ["s1", 1, 2], ["s2", 3, 4]], [], "a second header line"),
            ([["id", "a", "a"], ["s1", 1, 2]], [], "the column 'a' more than once"),
            ([["id", "a", None], ["s1", 1, 2]], [], "a column without a name"),
            ([["x", "a"], ["s1", 1]], [], "no column of ids"),
            ([["id", "a"], ["s1", dt.date(2026, 1, 1)]], [], "expected a number"),
            ([["id", "a"]], [], "a header without rows"),
        ],
    )
    def test_workbooks_that_are_no_table_are_refused(self, tmp_path, rows, merged, said):
        path = write_workbook(tmp_path / "a.xlsx", {"Data": rows}, merged={"Data": merged})
        with pytest.raises(CohortError, match=said):
            read("plain", path, role="blocks/blood")

    def test_hostile_workbooks_are_refused(self, tmp_path):
        rows = {"Data": [["id", "a"], ["s1", 1]]}
        links = write_workbook(tmp_path / "l.xlsx", rows, extra={"xl/externalLinks/externalLink1.xml": "<a/>"})
        with pytest.raises(CohortError, match="links to other workbooks"):
            read("plain", links, role="volumes")
        bomb = write_workbook(tmp_path / "b.xlsx", rows, extra={"xl/media/zeros.bin": b"\0" * 80_000_000})
        with pytest.raises(CohortError, match="unpacks to more than"):
            read("plain", bomb, role="volumes")
        two = write_workbook(tmp_path / "t.xlsx", rows | {"Other": [["id"], ["s1"]]})
        with pytest.raises(CohortError, match="choose with --sheet: 'Data', 'Other'"):
            read("plain", two, role="volumes")
        whole = links.read_bytes()
        for cut in (100, len(whole) // 2, len(whole) - 10):
            (tmp_path / "c.xlsx").write_bytes(whole[:cut])
            with pytest.raises(CohortError):
                read("plain", tmp_path / "c.xlsx", role="volumes")

    def test_a_million_columns_are_refused(self, tmp_path):
        header = ",".join(f"c{i}" for i in range(1_000_000))
        path = write(tmp_path / "wide.csv", f"id,{header}\ns1,{',' * 999_999}\n")
        with pytest.raises(CohortError, match="columns"):
            read("plain", path, role="blocks/blood")

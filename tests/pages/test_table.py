"""Tables that can be taken away: what the CSV holds, and what it may not hold."""

import csv
import io

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.files import csv_text


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_numbers_stay_whole_and_text_is_quoted():
    rows = [("a, b", 0.1 + 0.2, np.int64(7)), ('say "no"\nor yes', np.float64(1 / 3), None)]
    assert read(csv_text(["name, of it", "x", "y"], rows)) == [
        ["name, of it", "x", "y"],
        ["a, b", "0.30000000000000004", "7"],
        ['say "no"\nor yes', str(1 / 3), ""],
    ]


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("x")']
)
def test_no_cell_and_no_heading_is_a_formula(text):
    head, row = read(csv_text([text], [[text]]))
    assert head == row == [f"'{text}"]


def test_a_negative_number_is_no_formula():
    assert read(csv_text(["difference"], [[-3], [-0.5]])) == [["difference"], ["-3"], ["-0.5"]]


def test_what_is_shown_and_what_is_saved_may_differ():
    def page():
        from pages.widgets.table import table

        table({"Class": ["Bag"], "Share": ["50 %"]}, key="t", name="shares-of-bags")
        table({"A": [1]}, key="u", name="other", csv_columns={"A": [1.25]})

    app = AppTest.from_function(page).run()
    assert not app.exception
    assert app.dataframe[0].value.to_dict("list") == {"Class": ["Bag"], "Share": ["50 %"]}
    assert [each.proto.label for each in app.get("download_button")] == ["CSV", "CSV"]

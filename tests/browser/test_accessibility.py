"""axe on every view of every page: nothing serious, in either theme, at a desk and on a phone."""

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.browser

VIEWS = (
    "",
    "explore",
    "explore?view=Classes",
    "explore?sort=Hardest+for+a+run&image=59990",
    "explore?view=Your+data",
    "explore?view=Map",
    "explore?view=Doubtful+labels",
    "explore?view=Doubtful+labels&list=Near-duplicates",
    "train",
    "train?architecture=stack1:c8.p2.f.u16",
    "runs",
    "evaluate",
    "evaluate?part=Test",
    "evaluate?view=Report",
    "evaluate?view=Confidence",
    "evaluate?view=Mistakes",
    "evaluate?view=Mistakes&list=Pairs",
    "evaluate?view=Examples",
    "evaluate?view=Robustness",
    "inside?at=5.17.3.9&off=1.2",
    "inside?at=14.0.0.0",
    "inside?run=bundled-accurate&at=14.2.3.3",
    "classify",
    "classify?from=Draw",
    "classify?from=Camera",
    "classify?from=Samples",
    "classify?view=Several",
    "classify?view=Compare",
)
SERIOUS = {"serious", "critical"}


@pytest.mark.parametrize(("width", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_no_view_has_a_serious_finding(server, new_visitor, width, scheme):
    visitor = new_visitor(server, width, scheme)
    findings = {}
    for view in VIEWS:
        visitor.open(view)
        visitor.settle()
        found = Axe().run(visitor.page).response["violations"]
        findings[view] = [
            (each["id"], node["target"], node["failureSummary"])
            for each in found
            if each["impact"] in SERIOUS
            for node in each["nodes"]
        ]
    assert not {view: found for view, found in findings.items() if found}

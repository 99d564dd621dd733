import subprocess
import sys

import pytest

from core.processes.thrift import give_back
from core.settings import ROOT

# First a block of 30 MB, upon which glibc keeps all that is smaller; then 200 MB in blocks of 1 MB,
# with small ones between them that stay.
CODE = """
import sys
import psutil
from core.processes.thrift import give_back
if sys.argv[1] == "thrift":
    assert give_back() and give_back()
bytearray(30_000_000)
large, small = [], []
for _ in range(200):
    large.append(bytearray(1_000_000))
    small.append(bytes(3_000 + len(small)))
del large
print(psutil.Process().memory_info().rss // 1_000_000)
"""


def megabytes(argument: str) -> int:
    """Return what a process takes that has freed 200 MB."""
    return int(
        subprocess.run(
            [sys.executable, "-c", CODE, argument],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            encoding="utf-8",
        ).stdout
    )


def test_what_was_freed_is_given_back():
    if not give_back():
        pytest.skip("this system's C library has nothing to set")
    assert megabytes("thrift") < megabytes("as it is") - 150

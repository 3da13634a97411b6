"""`segmentry demo` from start to end: what it shows, and that nothing of it stays."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Run

# It starts PostgreSQL, a server and a worker process; on a busy machine that takes a while.
pytestmark = pytest.mark.timeout(240)

_CARD = re.compile(r"^\d+\. .*   ([\d,]+) customers \(([\d.]+) %\)$", re.MULTILINE)


def _using(folder: Path) -> list[str]:
    """The processes that work with this folder, by /proc (none is seen where there is no /proc)."""
    found: list[str] = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            said = (each / "cmdline").read_bytes() + (each / "environ").read_bytes()
        except OSError:  # it has ended, or is somebody else's
            continue
        if str(folder).encode() in said:
            found.append(f"{each.name} {(each / 'cmdline').read_bytes()!r}")
    return found


def test_the_demo_builds_and_discovers_and_leaves_no_process(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "demo data"
    done = run("demo", "--fast", SEGMENTRY_DATA_DIR=str(folder))
    assert done.code == 0, done.err
    assert '{"membershipTier":{"$in":["PLATINUM","DIAMOND"]}}' in done.out
    (count,) = re.findall(r"^  customers +([\d,]+)$", done.out, re.MULTILINE)
    assert 0 < int(count.replace(",", "")) < 10_000
    scores = re.findall(r"^  k=(\d+) +-?\d\.\d{3} ", done.out, re.MULTILINE)
    # Once as they come, once with the evidence for each.
    assert scores == ["2", "3", "4", "5", "6", "7", "8"] * 2
    cards = _CARD.findall(done.out)
    assert len(cards) > 1
    assert sum(int(size.replace(",", "")) for size, _ in cards) == 10_000
    assert sum(float(share) for _, share in cards) == pytest.approx(100, abs=0.1 * len(cards))
    assert _using(folder) == []

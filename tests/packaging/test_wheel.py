"""What the wheel holds besides Python."""

from __future__ import annotations

from hatchling.builders.wheel import WheelBuilder
from segmentry.agents.registry import ROWS

from tests.architecture.checkout import TOP


def test_prompts_and_catalogs_are_in_the_wheel() -> None:
    held = {each.distribution_path for each in WheelBuilder(str(TOP)).recurse_included_files()}
    wanted = {f"segmentry/agents/prompts/{row.prompt}.md" for row in ROWS.values()}
    wanted |= {"segmentry/agents/prompts/allotment.toml", "segmentry/customers/catalogs/golf.toml"}
    assert wanted <= held

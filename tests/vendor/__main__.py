"""The vendor in a process of its own, for load and for trying things out.

python -m tests.vendor --port 8080                                  # answers every call well, at once
python -m tests.vendor --port 8080 --mode quota                     # one fault, always
python -m tests.vendor --port 8080 --mode rules --spoiled unknown_value=0.02 --catalog shop.toml
python -m tests.vendor --port 8080 --latency 1 --faults server_error=0.05,silent=0.01 --seed 7

Then AI_BASE_URL=http://127.0.0.1:8080/v1 is an OpenAI-compatible service; /v1/counts says what it saw.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tests.vendor.menu import MENU
from tests.vendor.obedient import OBEDIENT
from tests.vendor.plans import Answerer, Pace, Plan
from tests.vendor.script import Latency, Mixed, Script, Scripted
from tests.vendor.server import Vendor

# Who writes answers, by name: one row each.
ANSWERERS: dict[str, Answerer] = {**OBEDIENT}
# Answers by rules, from the reader and a catalog.
RULES = "rules"
MODES = (*MENU, *ANSWERERS, RULES)


def script_of(given: argparse.Namespace) -> Script:
    """The script that the arguments describe."""
    if given.mode == RULES:
        plan = Plan(answer=ruled(given.catalog, _shares(given.spoiled), given.seed, given.slang))
    else:
        plan = Plan(answer=ANSWERERS[given.mode]) if given.mode in ANSWERERS else MENU[given.mode]
    if given.answer is not None:
        plan = replace(plan, answer=given.answer)
    if given.delay:
        plan = replace(plan, pace=Pace(given.delay))
    latency = Latency(seed=given.seed, scale=given.latency) if given.latency else None
    shares = _shares(given.faults)
    if not shares and latency is None:
        return Scripted(plan)
    return Mixed(Scripted(plan), MENU, shares, latency, given.seed)


def ruled(catalog: Path | None, spoiled: Mapping[str, float], seed: int, slang: Sequence[str]) -> Answerer:
    """Answers by rules for a catalog file, or for the golf club.

    `slang` are words with the field and the phrase of the band that they mean, as
    `mad about us=engagementScore:high engagement`.
    """
    # The reader takes a while to load, which the other modes need not wait for.
    from segmentry.agents.pieces import Condition  # noqa: PLC0415
    from segmentry.criteria import catalog_toml  # noqa: PLC0415
    from segmentry.customers import golf  # noqa: PLC0415

    from tests.vendor.rules import Ruled  # noqa: PLC0415

    known = golf.catalog() if catalog is None else catalog_toml.loads(catalog.read_text(encoding="utf-8"))
    meanings = [each.replace("=", ":", 1).split(":", 2) for each in slang]
    conditions = [
        Condition(words, name, "band", (band,), "", "", negated=False, assumed=True)
        for words, name, band in meanings
    ]
    return Ruled(known, spoiled, seed, tuple(conditions))


def _shares(given: Sequence[str]) -> dict[str, float]:
    return {name: float(share) for name, _, share in (each.partition("=") for each in given)}


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.vendor", description="A fake vendor of models.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one, which is printed")
    parser.add_argument("--mode", choices=MODES, default="ok", metavar="NAME", help=f"{', '.join(MODES)}")
    parser.add_argument("--answer", help="the text of every answer")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before every reply")
    parser.add_argument("--latency", type=float, default=0.0, help="simulated speed times this; 0: at once")
    parser.add_argument(
        "--faults",
        type=lambda text: text.split(","),
        default=[],
        help="shares of calls, as quota=0.1,html=0.2",
    )
    parser.add_argument("--catalog", type=Path, help="the catalog file of answers by rules; the golf club")
    parser.add_argument(
        "--spoiled",
        type=lambda text: text.split(","),
        default=[],
        help="shares of answers by rules that are wrong, as unknown_field=0.02,left_out=0.1",
    )
    parser.add_argument(
        "--slang",
        action="append",
        default=[],
        metavar="WORDS=FIELD:BAND",
        help="words that answers by rules know and the reader does not; may be given again",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--key", help="the only key that is taken")
    return parser.parse_args(arguments)


async def serve(given: argparse.Namespace) -> None:
    """Answer until a signal ends it."""
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, over.set)
    async with Vendor(script_of(given), key=given.key, port=given.port, remember=False) as vendor:
        print(vendor.base_url, flush=True)
        await over.wait()
        print(vendor.counts(), file=sys.stderr)


if __name__ == "__main__":
    asyncio.run(serve(parsed()))

"""Experts asked about the words, and then one who words the question that is left."""

from __future__ import annotations

from collections.abc import Coroutine

from segmentry.builder.consulted import Consulted, consulted
from segmentry.builder.consulting import LEAST_FOR_A_WAVE_S
from segmentry.builder.finish import Job
from segmentry.builder.interviews import Interviews
from segmentry.builder.panel import Panel
from segmentry.builder.wording import Wording


async def with_wording(
    asking: Coroutine[object, object, Consulted], text: str, job: Job, panel: Panel, interviews: Interviews
) -> Consulted:
    """What the experts found; a question that is left is worded by an expert where that can be.

    After the others and not beside them: most questions of the reader are gone by then, and whoever gets one
    has to think about it anyway. Where an expert failed the vendor is left alone, and our wording stands.

    Raises: the first failure of an expert where the model is required.
    """
    found = await asking
    if job.options.require_llm and found.errors:
        raise found.errors[0]
    if found.fallbacks or interviews.allowance.left_s < LEAST_FOR_A_WAVE_S:
        return found
    draft = await Wording(text, job.place, panel, interviews).of(found.draft)
    return consulted(draft, found.tier, interviews, found.vouched)

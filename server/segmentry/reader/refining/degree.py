"""Changes that name a direction and no amount: "make the second condition tighter"."""

from __future__ import annotations

import re
from typing import Final

from segmentry.reader.draft import Draft
from segmentry.reader.refining import reply
from segmentry.reader.refining.current import Current

_DIRECTION: Final = re.compile(
    r"(?:tight|strict|loos|broad|wid|narrow|high|low|larg|small|long|short|tough|hard|gentl|fresh)er"
    r"|(?:easi|heavi|pick)er|tighten|relax|loosen|broaden|widen|narrow|soften"
    r"|(?:more|less) (?:strict|selective|generous|lenient|restrictive|picky)"
)
_CHANGE: Final = re.compile(
    r"\W*(?:(?:please|can you|could you) )?(?:(?:make|turn|set|be|get) .{0,80}?)?"
    rf"\b(?:{_DIRECTION.pattern})\b",
    re.IGNORECASE,
)


def asked(instruction: str, draft: Draft, current: Current) -> Draft:
    """The draft, or a question by how much where the instruction says only in which direction."""
    if draft.outcome == "ok" or draft.confidence > 0 or any(char.isdigit() for char in instruction):
        return draft
    if not _CHANGE.match(instruction):
        return draft
    message = (
        f"{reply.quoted(instruction)} names no amount; say what a condition is to be, as 'change the first "
        f"one to ...'. The conditions are: {reply.listed(current)}"
    )
    return reply.asked(current, message, said=instruction)

"""What a vendor sent back, looked at in one fixed order before anything of it is used."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from segmentry.criteria import strict_json
from segmentry.errors import JsonValue, SegmentryError
from segmentry.llm.model import UNSAID, CallFailed, ModelVersion, Usage

# No answer of an expert comes near: one that does is a loop or not an answer.
MAX_CONTENT_BYTES = 16 * 1024
_MAX_NESTING = 8
# Looked for in the end alone, where it costs nothing.
_LOOP = re.compile(r"(?:\s{24,}|(\S{1,4}?)\1{11,})\Z")
_LOOP_TAIL = 64
# So many blanks or digits in a row, and nothing else, are no answer in the making.
_HOPELESS_RUN = 96
_FENCE = re.compile(r"\A\s*```(?:json)?\s*\n(.*?)\n?\s*```\s*\Z", re.DOTALL)


@dataclass(slots=True)
class Raw:
    """The parts of one answer as they came, in one piece or in many.

    `run` is how many blanks or digits came last, in parts of nothing else.
    """

    chunks: list[str] = field(default_factory=list[str])
    refusal: bool = False
    finish_reason: str = ""
    choices: int = 0
    usage: Usage | None = None
    version: ModelVersion = UNSAID
    size: int = 0
    run: int = 0

    def add(self, text: str) -> None:
        """Take over a part of the answer."""
        self.chunks.append(text)
        self.size += len(text)
        self.run = self.run + len(text) if text.isspace() or text.isdigit() else 0

    @property
    def hopeless(self) -> bool:
        """Whether this cannot become an answer any more: too long, or a loop that runs to the token limit."""
        if self.run >= _HOPELESS_RUN:
            self.finish_reason = "length"
        return self.run >= _HOPELESS_RUN or self.size > MAX_CONTENT_BYTES

    @property
    def content(self) -> str:
        return "".join(self.chunks)


def read(raw: Raw, usage: Usage, *, fenced: bool) -> tuple[JsonValue, str]:
    """The JSON value of an answer, and its text.

    Looked at in this order: whether there is an answer at all, a refusal, why it ended, its size, and only
    then its text. `fenced` takes the fence off that models without a schema like to put around.

    Raises: CallFailed with LLM_REFUSED, LLM_TRUNCATED or LLM_BAD_OUTPUT; its message holds nothing of the
    answer.
    """
    if not raw.choices:
        raise CallFailed("LLM_BAD_OUTPUT", "the model's reply holds no answer", usage=usage)
    if raw.refusal or raw.finish_reason == "content_filter":
        raise CallFailed("LLM_REFUSED", "the model refused to answer", usage=usage)
    content = raw.content
    if raw.finish_reason == "length":
        loop = _LOOP.search(content[-_LOOP_TAIL:]) is not None
        why = "it ran into a loop" if loop else "it needs more tokens than allowed"
        raise CallFailed("LLM_TRUNCATED", f"the model's answer was cut off: {why}", usage=usage, loop=loop)
    if len(content) > MAX_CONTENT_BYTES or len(content.encode(errors="replace")) > MAX_CONTENT_BYTES:
        raise CallFailed("LLM_BAD_OUTPUT", "the model's answer is too long to be one", usage=usage)
    if raw.finish_reason != "stop":
        raise CallFailed("LLM_BAD_OUTPUT", "the model's answer ended before it was whole", usage=usage)
    if not content.strip():
        raise CallFailed("LLM_BAD_OUTPUT", "the model's answer is empty", usage=usage)
    if fenced and (inner := _FENCE.match(content)):
        content = inner[1]
    try:
        return strict_json.decode(content, max_nesting=_MAX_NESTING), content
    except SegmentryError:
        pass
    # Outside of the handler: the parser's error quotes the text that it could not read.
    raise CallFailed("LLM_BAD_OUTPUT", "the model's answer is not strict JSON", usage=usage)

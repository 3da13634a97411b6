"""What the vendor does with one call: what it answers, how it fails, how long it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from segmentry.errors import JsonValue

# whole: as it should be. reset_before, silent: no byte of a reply, then a reset or nothing at all.
# reset_midway, closed_midway, stalled_midway: half of the reply's bytes, then a reset, the end of the
# connection, or nothing. dripped: a byte at a time. ended_early: half of a stream's events and then a proper
# end, without a reason. cut_json: whole HTTP around half of the JSON.
Wire = Literal[
    "whole",
    "reset_before",
    "silent",
    "reset_midway",
    "closed_midway",
    "stalled_midway",
    "dripped",
    "ended_early",
    "cut_json",
]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `agent` is the name of its answer schema, empty where it has none.

    `attempt` counts the calls of this agent from 1, `number` all calls from 1.
    """

    body: Mapping[str, JsonValue]
    agent: str
    attempt: int
    number: int

    @property
    def system(self) -> str:
        """The text of the first message."""
        return self._texts()[0]

    @property
    def user(self) -> str:
        """The text of the last message."""
        return self._texts()[-1]

    @property
    def question(self) -> str:
        """The text of the second message: what was asked at first, also where this call is a repair."""
        return self._texts()[:2][-1]

    @property
    def schema(self) -> Mapping[str, JsonValue]:
        """The JSON Schema of the answer; empty where none was sent."""
        wanted = cast("Mapping[str, JsonValue]", self.body.get("response_format") or {})
        named = cast("Mapping[str, JsonValue]", wanted.get("json_schema") or {})
        return cast("Mapping[str, JsonValue]", named.get("schema") or {})

    def _texts(self) -> list[str]:
        messages = cast("list[Mapping[str, JsonValue]]", self.body.get("messages") or [])
        return [str(each.get("content", "")) for each in messages] or [""]


Answerer = Callable[[Asked], str]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a reply takes: seconds to the first token, then tokens a second (0: all at once).

    `tokens_per_write` go out together, so that a paced answer wakes the loop less often than it has tokens.
    """

    first_token_s: float = 0.0
    tokens_per_s: float = 0.0
    tokens_per_write: int = 4


AT_ONCE = Pace()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One reply.

    `status` other than 200 sends an error body with `code`; with status 200 `code` is an error event in the
    middle of a stream, or an error body. `body` is sent as it stands in place of a completion. `choices`
    False leaves the list of choices empty; `refusal` is sent in place of content.
    `version` is the model's name in the reply where it is another than the one that was asked.
    """

    answer: str | Answerer = "{}"
    finish_reason: str = "stop"
    refusal: str = ""
    choices: bool = True
    usage: bool = True
    status: int = 200
    code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None
    content_type: str = "text/html; charset=utf-8"
    wire: Wire = "whole"
    drip_s: float = 0.01
    pace: Pace = AT_ONCE
    version: str = ""
    fingerprint: str = ""

    def text(self, asked: Asked) -> str:
        """The answer to this request."""
        return self.answer if isinstance(self.answer, str) else self.answer(asked)

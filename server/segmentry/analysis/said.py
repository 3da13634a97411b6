"""What a run said already: an attempt that follows another one says only what is new."""

from __future__ import annotations

import hashlib
import json

from segmentry.runs.run import JsonObject, NewEvent

# Events that tell where the run stands now: each of them is said.
STANDING = frozenset({"run", "result"})


class Said:
    """Remembers what each event was about; what was said first stays."""

    def __init__(self) -> None:
        self._subjects: set[str] = set()

    def is_new(self, event: NewEvent) -> bool:
        """Whether nobody said it before; from now on it was said.

        A plan, the profile of a field, and the provisional and the final score of a k are said once,
        whatever they say; everything else once in the same words.
        """
        if event.kind in STANDING:
            return True
        subject = _subject(event.kind, event.body)
        is_new = subject not in self._subjects
        self._subjects.add(subject)
        return is_new


def _subject(kind: str, body: JsonObject) -> str:
    match kind:
        case "plan":
            return kind
        case "profile":
            return f"{kind} {body.get('field')}"
        case "score":
            return f"{kind} {body.get('k')} {body.get('provisional')}"
        case _:
            text = json.dumps(body, sort_keys=True)
            return f"{kind} {hashlib.sha256(text.encode()).hexdigest()}"

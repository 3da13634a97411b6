"""What is said where the model did not answer: once per cause, however many experts it kept from it."""

from __future__ import annotations

from collections.abc import Sequence

from segmentry.agents.asking import Asker
from segmentry.agents.registry import Expert
from segmentry.builder.outcome import Fallback
from segmentry.llm.guarded import GuardedModel
from segmentry.llm.model import CallFailed
from segmentry.reader.draft import Draft


def of_failure(failure: CallFailed, expert: Expert, asker: Asker) -> Fallback:
    """The notice of one expert that gave nothing to use."""
    model = asker.model
    wait_s = model.breaker.wait_s if isinstance(model, GuardedModel) else 0.0
    return Fallback(
        "LLM",
        "DETERMINISTIC",
        failure.cause,
        f"{expert.name}: {_until(failure.message, wait_s)}",
        expert.name,
        said=failure.message,
        wait_s=wait_s,
    )


def nobody_to_ask(draft: Draft) -> Fallback:
    """The notice of a server without a model, about words that are left open."""
    words = ", ".join(f"'{span.text}'" for span in draft.unexplained[:3]) or "the whole query"
    said = f"this server has no language model configured, so nobody was asked about {words}"
    return Fallback("LLM", "DETERMINISTIC", "LLM_NOT_CONFIGURED", said)


def merged(found: Sequence[Fallback]) -> tuple[Fallback, ...]:
    """The notices with one for all experts that failed for the same cause, where the first of them stood."""
    alike: dict[str, list[Fallback]] = {}
    for each in found:
        if each.said:
            alike.setdefault(each.reason, []).append(each)
    kept: list[Fallback] = []
    for each in found:
        if not each.said:
            kept.append(each)
        elif alike[each.reason][0] is each:
            kept.append(_of_all(alike[each.reason]))
    return tuple(kept)


def _of_all(alike: Sequence[Fallback]) -> Fallback:
    first = alike[0]
    if len(alike) == 1:
        return first
    agents = tuple(dict.fromkeys(each.subtask_id for each in alike))
    said = list(dict.fromkeys(each.said for each in alike))
    # "given up: the quota is used up" adds nothing to "the quota is used up".
    telling = [each for each in said if not any(other != each and other in each for other in said)]
    why = _until(", or ".join(telling[:2]), max(each.wait_s for each in alike))
    message = f"{why} ({len(agents)} experts: {', '.join(agents)})"
    return Fallback(first.from_tier, first.to_tier, first.reason, message, others=agents)


def _until(said: str, wait_s: float) -> str:
    return f"{said}; asked again in {wait_s:.0f} s" if wait_s > 0 else said

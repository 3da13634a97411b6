"""Who can be asked: one row per expert. A new one is a file in `prompts/` and a row here."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from segmentry.agents import schemas
from segmentry.agents.groups import Group, everything, groups
from segmentry.agents.prompt import DEFAULT, system_text, version_of
from segmentry.criteria.catalog import Catalog
from segmentry.llm.model import AnswerSchema, Message, ModelCall


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of expert.

    `prompt` names its file. `of_group` builds the schema of one that answers for fields, `schema` that of the
    others. `max_tokens` bounds an answer; None stands for AI_MAX_TOKENS alone.
    """

    name: str
    prompt: str
    max_tokens: int | None
    of_group: Callable[[Group], AnswerSchema] | None = None
    schema: Callable[[], AnswerSchema] | None = None

    @property
    def gives_pieces(self) -> bool:
        """Whether an answer is a list of pieces, so that it may be right and empty."""
        return self.of_group is not None or self.name == "edit"


def _statistics(group: Group) -> AnswerSchema:
    return schemas.statistics(tuple(group.named))


ROWS: Final[Mapping[str, Row]] = {
    row.name: row
    for row in (
        Row("specialist", "specialist", 300, of_group=schemas.conditions),
        Row("one_shot", "specialist", None, of_group=schemas.conditions),
        Row("logic", "logic", 80, schema=schemas.logic),
        Row("edit", "edit", 120, schema=schemas.edit),
        Row("ambiguity", "ambiguity", 150, schema=schemas.ambiguity),
        Row("name", "name", 32, schema=schemas.name),
        Row("statistics", "statistics", 900, of_group=_statistics),
    )
}


@dataclass(frozen=True, slots=True, eq=False)
class Expert:
    """One expert ready to be asked. `text` and `schema` are the same bytes for a catalog and a version.

    `name` is the row's, for a specialist that of its group (`specialist_membership`).
    """

    name: str
    row: Row
    text: str
    schema: AnswerSchema
    version: str
    variant: str = DEFAULT
    group: Group | None = None

    def call(self, message: str, max_tokens: int = 2048) -> ModelCall:
        """The question with this message; `max_tokens` is AI_MAX_TOKENS, which no answer may exceed."""
        own = max_tokens if self.row.max_tokens is None else min(self.row.max_tokens, max_tokens)
        asked = (Message("system", self.text), Message("user", message))
        return ModelCall(self.name, self.version, asked, self.schema, own, max_tokens)


@dataclass(frozen=True, slots=True, eq=False)
class Experts:
    """The experts of a catalog."""

    specialists: tuple[Expert, ...]
    one_shot: Expert
    logic: Expert
    edit: Expert
    ambiguity: Expert
    name: Expert

    @property
    def all(self) -> tuple[Expert, ...]:
        return (*self.specialists, self.one_shot, self.logic, self.edit, self.ambiguity, self.name)


def expert(row: str, variant: str = DEFAULT, group: Group | None = None) -> Expert:
    """One expert, built anew. `group` is needed by those that answer for fields.

    Raises: NoSuchPrompt.
    """
    of = ROWS[row]
    text = system_text(of.prompt, variant, group)
    if of.of_group is not None:
        assert group is not None, f"{row} answers for fields"
        schema = of.of_group(group)
    else:
        assert of.schema is not None
        schema = of.schema()
    name = group.name if group is not None and row == "specialist" else row
    return Expert(name, of, text, schema, version_of(text, schema), variant, group)


def experts(catalog: Catalog, variants: Mapping[str, str] | None = None) -> Experts:
    """The experts of a catalog, built once per content. `variants` names other prompt files by row.

    Raises: NoSuchPrompt.
    """
    chosen = tuple(sorted((variants or {}).items()))
    kept = _by_identity.get((id(catalog), chosen))
    if kept is not None and kept[0] is catalog:
        return kept[1]
    key = (content_of(catalog), chosen)
    with _lock:
        built = _by_content.get(key)
    if built is None:
        built = _built(catalog, dict(chosen))
    with _lock:
        _by_content[key] = built
        _by_identity[id(catalog), chosen] = (catalog, built)
        for cache in (_by_content, _by_identity):
            while len(cache) > _CACHED:
                cache.popitem(last=False)
    return built


def content_of(catalog: Catalog) -> bytes:
    """A digest of what prompts can be made of.

    By the printed form: `==` on catalogs mixes up 1 and True, and does not see which values were sampled.
    """
    content = repr((catalog.schema, catalog.display_name, catalog.fields, catalog.events))
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).digest()


_CACHED: Final = 64
_by_identity: OrderedDict[tuple[int, tuple[tuple[str, str], ...]], tuple[Catalog, Experts]] = OrderedDict()
_by_content: OrderedDict[tuple[bytes, tuple[tuple[str, str], ...]], Experts] = OrderedDict()
_lock = threading.Lock()


def _built(catalog: Catalog, variants: Mapping[str, str]) -> Experts:
    def made(row: str, group: Group | None = None) -> Expert:
        return expert(row, variants.get(row, DEFAULT), group)

    return Experts(
        tuple(made("specialist", group) for group in groups(catalog)),
        made("one_shot", everything(catalog)),
        *(made(row) for row in ("logic", "edit", "ambiguity", "name")),
    )

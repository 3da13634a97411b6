"""Serves ExplainCount, ExplainMember and CompareCriteria: asks the explanations, converts back."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterable, Sequence

from segmentry.builder import preview
from segmentry.builder.outcome import Notice
from segmentry.builder.request import Place
from segmentry.criteria.check import Checked
from segmentry.criteria.nodes import Node
from segmentry.customers.store import Count, CustomerStore
from segmentry.errors import Diagnostic, InvalidCriteria, InvalidValue, MissingField, SegmentryError
from segmentry.explain.compare import compare as compared
from segmentry.explain.count import explain_count
from segmentry.explain.member import explain_member
from segmentry.rpc.call import note
from segmentry.rpc.context import plain
from segmentry.rpc.convert import criteria
from segmentry.rpc.convert import explain as convert
from segmentry.v1 import criteria_pb2
from segmentry.v1 import segment_builder_pb2 as pb

# Keys are names and numbers; nothing longer is looked for.
MAX_CUSTOMER_ID = 1024


async def count(node: Node, place: Place, store: CustomerStore) -> pb.ExplainCountResponse:
    """The reply of ExplainCount. Raises: as `explain.count.explain_count`."""
    found = await explain_count(node, place, store)
    note(schema=place.schema_id, leaves=len(found.leaves))
    notices = (
        *preview.notices(found.checked.warnings),
        *preview.of_count(node, found.count),
        *_kept_back(found.figures),
    )
    return await asyncio.to_thread(convert.count_response, found, notices, place)


async def member(
    node: Node, customer_id: str, place: Place, store: CustomerStore
) -> pb.ExplainMemberResponse:
    """The reply of ExplainMember. Raises: as `explain.member.explain_member`."""
    found = await explain_member(node, customer_id, place, store)
    note(schema=place.schema_id, leaves=len(found.leaves))
    notices = preview.notices(found.checked.warnings)
    return await asyncio.to_thread(convert.member_response, found, notices, place)


async def compare(left: Node, right: Node, place: Place, store: CustomerStore) -> pb.CompareCriteriaResponse:
    """The reply of CompareCriteria.

    Raises: InvalidCriteria with the faults of both sides, each path beginning with its side; whatever the
    store raises.
    """
    checked = await asyncio.to_thread(place.check, left), await asyncio.to_thread(place.check, right)
    faults = [*of_side("left", checked[0].errors), *of_side("right", checked[1].errors)]
    if faults:
        raise InvalidCriteria(faults)
    found = await compared(*checked, place, store)
    note(schema=place.schema_id)
    notices = (*_warnings(*checked), *_kept_back(found.counts))
    return await asyncio.to_thread(convert.comparison, found, notices, place)


def customer_id(request: pb.ExplainMemberRequest) -> str:
    """The customer that is asked about.

    Raises: MissingField when none is; InvalidValue when it holds NUL or is longer than any key.
    """
    if not request.customer_id:
        raise MissingField(
            "customer_id is needed: the value of the table's key column, or the number of the row from 1 "
            "where the table has none",
            field="customer_id",
        )
    if len(request.customer_id) > MAX_CUSTOMER_ID:
        raise InvalidValue(
            f"customer_id has {len(request.customer_id):,} characters, limit {MAX_CUSTOMER_ID:,}",
            field="customer_id",
            problem="range",
        )
    return plain(request.customer_id, "customer_id")


def sides(request: pb.CompareCriteriaRequest) -> tuple[Node, Node]:
    """The two definitions.

    Raises: as `convert.criteria.read`, with the side before every path and field.
    """
    return side("left", request.left), side("right", request.right)


def side(name: str, given: criteria_pb2.CriteriaInput) -> Node:
    """One definition of several, by its name in the request.

    Raises: as `convert.criteria.read`, with the name before every path and field.
    """
    try:
        return criteria.read(given)
    except InvalidCriteria as error:
        faults = InvalidCriteria(of_side(name, error.diagnostics))
        faults.metadata = {**error.metadata, **faults.metadata}
        raise faults from error
    except SegmentryError as error:
        place = _prefix(name)
        if "path" in error.metadata:
            error.metadata["path"] = _joined(place, error.metadata["path"])
        if "field" in error.metadata:
            error.metadata["field"] = f"{name}.{error.metadata['field']}"
        error.args = (f"{name}: {error}",)
        raise


def of_side(name: str, found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Faults with the name of their side before every path."""
    return [dataclasses.replace(each, path=_joined(_prefix(name), each.path)) for each in found]


def _prefix(name: str) -> str:
    return f"{name}.criteria"


def _joined(place: str, path: str) -> str:
    if not path:
        return place
    return f"{place}{path}" if path.startswith("[") else f"{place}.{path}"


def _warnings(left: Checked, right: Checked) -> tuple[Notice, ...]:
    return preview.notices([*of_side("left", left.warnings), *of_side("right", right.warnings)])


def _kept_back(figures: Sequence[Count]) -> tuple[Notice, ...]:
    hidden = sum(figure.suppressed for figure in figures)
    if not hidden:
        return ()
    said = "1 figure is" if hidden == 1 else f"{hidden} figures are"
    return (Notice("COUNT_SUPPRESSED", f"{said} absent: too few customers for a number to be shown"),)

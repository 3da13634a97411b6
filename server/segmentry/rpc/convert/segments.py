"""Saved segments: messages of the contract to and from what the service keeps."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from google.protobuf.field_mask_pb2 import FieldMask

from segmentry.criteria.nodes import Node
from segmentry.errors import InvalidParameters, MissingField, Violation
from segmentry.rpc.convert import criteria
from segmentry.rpc.convert.times import timestamp
from segmentry.segments.contract import MOST_CUSTOMERS, Contract, contract_of
from segmentry.segments.origin import Origin
from segmentry.segments.record import ARCHIVED, SavedSegment, State
from segmentry.segments.service import Change, Definition
from segmentry.v1 import segment_builder_pb2 as pb

MAX_NAME = 200
MAX_DESCRIPTION = 2_000
MAX_BUILD_ID = 128
MAX_KEY = 1024
MASK = ("name", "description", "criteria", "expression", "state", "contract", "build_id")

_STATES: dict[State, pb.SegmentState.ValueType] = {
    "DRAFT": pb.SEGMENT_STATE_DRAFT,
    "ACTIVE": pb.SEGMENT_STATE_ACTIVE,
    "PAUSED": pb.SEGMENT_STATE_PAUSED,
    "ARCHIVED": pb.SEGMENT_STATE_ARCHIVED,
}
_STATE_OF: dict[int, State] = {int(number): state for state, number in _STATES.items()}
_SETTABLE = "DRAFT, ACTIVE, PAUSED"


def segment(saved: SavedSegment) -> pb.Segment:
    """A saved segment, its criteria in both forms."""
    return pb.Segment(
        segment_id=saved.segment_id,
        version=saved.version,
        name=saved.name,
        description=saved.description,
        criteria=criteria.to_struct(saved.node),
        expression=criteria.to_expression(saved.node),
        schema_id=saved.schema_id,
        state=_STATES[saved.state],
        etag=saved.etag,
        create_time=timestamp(saved.create_time),
        update_time=timestamp(saved.update_time),
        updated_by=saved.author,
        build_id=saved.origin.build_id,
        query=saved.origin.query,
        read_by=[
            pb.SegmentLeafOrigin(agent=each.agent, prompt_version=each.prompt_version, phrase=each.phrase)
            for each in saved.origin.leaves
        ],
        last_count=saved.last_count,
        referenced_by=saved.referenced_by,
        contract=contract(contract_of(saved.contract)) if saved.contract else None,
        forced_past=saved.forced_past,
    )


def segments(saved: Iterable[SavedSegment]) -> list[pb.Segment]:
    """Several of them."""
    return [segment(each) for each in saved]


def state_from(number: int, field: str) -> State | None:
    """The state; None where none was given. Raises: InvalidParameters for a number that is none."""
    if number == 0:
        return None
    state = _STATE_OF.get(number)
    if state is None:
        raise _refused([(field, f"{number} is none of {', '.join(_STATES)}")])
    return state


def name_from(text: str, field: str) -> str:
    """What people call something; empty where nothing was given.

    Raises: InvalidParameters for a text that is too long or holds control characters.
    """
    if len(text) > MAX_NAME or _controls(text):
        problem = f"is at most {MAX_NAME} characters without control characters"
        raise _refused([(field, problem)])
    return text.strip()


def definition(message: pb.Segment, *, force: bool = False) -> Definition:
    """What is to be kept; what the server sets is ignored.

    Raises: MissingField for the name or the criteria; InvalidParameters with every fault of the texts and
    the state; what `criteria.read` raises.
    """
    faults = [*_name_faults(message.name), *_description_faults(message.description)]
    faults += _build_faults(message.build_id)
    state = state_from(int(message.state), "segment.state")
    if state == ARCHIVED:
        faults.append(("segment.state", f"is one of {_SETTABLE} when a segment is made"))
    if faults:
        raise _refused(faults)
    name = message.name.strip()
    if not name:
        raise MissingField("segment.name is needed: what people call it", field="segment.name")
    node = criteria.read(message)
    kept = contract_from(message.contract, "segment.contract")
    return Definition(
        name, message.description.strip(), node, state or "ACTIVE", Origin(message.build_id), kept, force
    )


def change(message: pb.Segment, mask: FieldMask, *, force: bool = False) -> Change:
    """What is to be changed: the fields that the mask names, and no others.

    Raises: MissingField for an empty mask, a name or criteria that it names and that are not there;
    InvalidParameters with every other fault; what `criteria.read` raises.
    """
    paths = set(mask.paths)
    if not paths:
        raise MissingField(f"update_mask is needed: what to change of {', '.join(MASK)}", field="update_mask")
    unknown = sorted(paths - set(MASK))
    faults = [("update_mask", f"names {each[:64]!r}; it may name {', '.join(MASK)}") for each in unknown[:20]]
    if "name" in paths:
        faults += _name_faults(message.name)
    if "description" in paths:
        faults += _description_faults(message.description)
    if "build_id" in paths:
        faults += _build_faults(message.build_id)
    state = state_from(int(message.state), "segment.state") if "state" in paths else None
    if "state" in paths and state in (None, ARCHIVED):
        faults.append(("segment.state", f"is one of {_SETTABLE}; DeleteSegment archives"))
    if faults:
        raise _refused(faults)
    name = message.name.strip() if "name" in paths else None
    if name == "":
        raise MissingField("segment.name is needed: what people call it", field="segment.name")
    description = message.description.strip() if "description" in paths else None
    kept = contract_from(message.contract, "segment.contract") if "contract" in paths else None
    origin = Origin(message.build_id) if "build_id" in paths else None
    return Change(name, description, _changed_criteria(message, paths), state, kept, force, origin)


def _build_faults(build_id: str) -> list[tuple[str, str]]:
    if len(build_id) > MAX_BUILD_ID or _controls(build_id):
        return [("segment.build_id", f"is an id of at most {MAX_BUILD_ID} characters")]
    return []


def contract(value: Contract) -> pb.SegmentContract:
    """What must stay true, as it travels."""
    return pb.SegmentContract(
        included_customers=value.included,
        excluded_customers=value.excluded,
        min_size=value.min_size,
        max_size=value.max_size,
    )


def contract_from(message: pb.SegmentContract, field: str) -> Contract:
    """What must stay true. A customer that is named twice on one side is named once.

    Raises: InvalidParameters with every fault.
    """
    faults: list[tuple[str, str]] = []
    sides = (
        ("included_customers", message.included_customers),
        ("excluded_customers", message.excluded_customers),
    )
    for name, keys in sides:
        if len(keys) > MOST_CUSTOMERS:
            faults.append((f"{field}.{name}", f"names {len(keys):,} customers, limit {MOST_CUSTOMERS}"))
        elif not all(0 < len(key) <= MAX_KEY and "\0" not in key for key in keys):
            faults.append((f"{field}.{name}", f"holds ids of 1 to {MAX_KEY:,} characters without NUL"))
    both = sorted(set(message.included_customers) & set(message.excluded_customers))
    if both:
        faults.append((f"{field}.excluded_customers", f"names {both[0][:64]!r}, who must be in as well"))
    low = message.min_size if message.HasField("min_size") else None
    high = message.max_size if message.HasField("max_size") else None
    if low is not None and high is not None and low > high:
        faults.append((f"{field}.max_size", f"is {high:,}, below min_size {low:,}"))
    if faults:
        raise _refused(faults)
    included, excluded = (tuple(dict.fromkeys(keys)) for _, keys in sides)
    return Contract(included, excluded, low, high)


def _changed_criteria(message: pb.Segment, paths: set[str]) -> Node | None:
    """The criteria in the forms that the mask names: the other form may be what was read before."""
    if not paths & {"criteria", "expression"}:
        return None
    named = pb.Segment()
    if "criteria" in paths and message.HasField("criteria"):
        named.criteria.CopyFrom(message.criteria)
    if "expression" in paths and message.HasField("expression"):
        named.expression.CopyFrom(message.expression)
    return criteria.read(named)


def _name_faults(name: str) -> list[tuple[str, str]]:
    if len(name) > MAX_NAME or _controls(name):
        return [("segment.name", f"is at most {MAX_NAME} characters without control characters")]
    return []


def _description_faults(description: str) -> list[tuple[str, str]]:
    if len(description) > MAX_DESCRIPTION or _controls(description.translate({9: " ", 10: " ", 13: " "})):
        limit = f"{MAX_DESCRIPTION:,}"
        return [("segment.description", f"is at most {limit} characters without control characters")]
    return []


def _controls(text: str) -> bool:
    return any(unicodedata.category(each) == "Cc" for each in text)


def _refused(faults: list[tuple[str, str]]) -> InvalidParameters:
    violations = [
        Violation(field, InvalidParameters.reason, f"{field} {problem}") for field, problem in faults
    ]
    return InvalidParameters(violations[0].message, violations=violations, field=violations[0].field)

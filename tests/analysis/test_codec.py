from __future__ import annotations

import json
from typing import cast, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from segmentry.analysis import codec, events
from segmentry.analysis.parameters import Parameters
from segmentry.errors import JsonValue

floats = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=12)
json_values = st.one_of(texts, st.integers(), floats, st.booleans(), st.lists(texts, max_size=3))
parameters = st.builds(
    Parameters,
    algorithm=st.sampled_from(["kmeans", "dbscan"]),
    eps=st.none() | floats,
    min_segment_share=floats,
)
# `value` of a rule is any JSON; hypothesis resolves every other field from its declared type.
rules = st.builds(events.FilterRule, value=json_values)
st.register_type_strategy(float, floats)
st.register_type_strategy(Parameters, parameters)
st.register_type_strategy(events.FilterRule, rules)
any_event = st.one_of(*(st.from_type(shape) for shape in codec.KINDS.values()))


@settings(deadline=None)
@given(any_event)
def test_every_event_survives_its_way_through_json(event: events.Event) -> None:
    text = json.dumps(codec.encode(event), allow_nan=False)
    assert codec.decode(cast("dict[str, JsonValue]", json.loads(text))) == event


@settings(deadline=None)
@given(parameters)
def test_parameters_survive_their_way_through_json(given_parameters: Parameters) -> None:
    text = json.dumps(codec.encode_parameters(given_parameters), allow_nan=False)
    assert codec.decode_parameters(cast("dict[str, JsonValue]", json.loads(text))) == given_parameters


def test_a_number_that_is_not_finite_is_refused_before_it_is_stored() -> None:
    with pytest.raises(ValueError, match="not finite"):
        codec.encode(events.ClusterScore(k=2, value=float("nan")))


def test_a_log_from_before_a_field_existed_still_reads() -> None:
    old = codec.encode(events.ClusterScore(k=3, value=0.5))
    del old["stability"]
    assert codec.decode(old) == events.ClusterScore(k=3, value=0.5)


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"event": "nonsense"},
        {"event": "score", "k": "two"},
        {"event": "score"},
        {"event": "fallback", "from_tier": "GUESS", "to_tier": "LLM", "reason": "", "message": ""},
    ],
    ids=["empty", "unknown kind", "wrong type", "lacking", "outside the closed set"],
)
def test_what_is_no_event_is_refused(message: dict[str, JsonValue]) -> None:
    with pytest.raises(ValueError, match=r"."):
        codec.decode(message)


def test_every_event_has_a_kind() -> None:
    assert set(codec.KINDS.values()) == set(get_args(events.Event))

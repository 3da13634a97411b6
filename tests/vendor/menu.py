"""Every fault of a vendor by name, for tests that go through them all and for the command line."""

from __future__ import annotations

import json
from typing import Final

from tests.vendor.obedient import follow
from tests.vendor.plans import Asked, Pace, Plan

# A reply no answer comes near: the seam's bound is 256 KiB.
_HUGE: Final = 300 * 1024
_PAGE: Final = b"<!doctype html><html><body><h1>Sign in to the hotel network</h1></body></html>"


def condition(**changed: object) -> str:
    """The answer of a specialist with one condition, some of its properties changed."""
    one = {
        "evidence": "over 40",
        "field": "age",
        "op": "above",
        "values": ["40"],
        "unit": "",
        "direction": "",
        "negated": False,
        "assumed": False,
    }
    return json.dumps({"conditions": [one | changed], "unhandled": []}, separators=(",", ":"))


def _foreign_enum(asked: Asked) -> str:
    del asked
    return condition(op="approximately")


MENU: Final[dict[str, Plan]] = {
    "ok": Plan(answer=condition()),
    # Turned down with a status.
    "rate_limit_short": Plan(status=429, code="rate_limit_exceeded", headers={"retry-after": "1"}),
    "rate_limit_ms": Plan(status=429, code="rate_limit_exceeded", headers={"retry-after-ms": "250"}),
    "rate_limit_long": Plan(status=429, code="rate_limit_exceeded", headers={"retry-after": "120"}),
    "rate_limit_bare": Plan(status=429, code="rate_limit_exceeded"),
    "quota": Plan(status=429, code="insufficient_quota", headers={"retry-after": "1"}),
    "server_error": Plan(status=500, code="server_error"),
    "bad_gateway": Plan(status=502, body=_PAGE),
    "overloaded": Plan(status=503, code="service_unavailable", headers={"retry-after": "2"}),
    "unauthorized": Plan(status=401, code="invalid_api_key"),
    "forbidden": Plan(status=403, code="country_not_supported"),
    "no_model": Plan(status=404, code="model_not_found"),
    "bad_request": Plan(status=400, code="unsupported_parameter"),
    "prompt_filter": Plan(status=400, code="content_filter"),
    "redirect": Plan(status=307, body=b"", headers={"location": "http://127.0.0.1:9/elsewhere"}),
    # The connection.
    "reset_before": Plan(wire="reset_before"),
    "reset_midway": Plan(answer=condition(), wire="reset_midway"),
    "closed_midway": Plan(answer=condition(), wire="closed_midway"),
    "silent": Plan(wire="silent"),
    "slow_first_byte": Plan(answer=condition(), pace=Pace(30.0)),
    "stalled_midway": Plan(answer=condition(), wire="stalled_midway"),
    "dripped": Plan(answer=condition(), wire="dripped", drip_s=0.02),
    # A reply that is not one.
    "html": Plan(body=_PAGE),
    "html_as_json": Plan(body=_PAGE, content_type="application/json"),
    "empty_body": Plan(body=b"", content_type="application/json"),
    "not_utf8": Plan(body=b'data: {"id": "\xff\xfe"}\n\n', content_type="text/event-stream"),
    "foreign_json": Plan(body=b'data: [1, null, "x"]\n\n', content_type="text/event-stream"),
    "foreign_shapes": Plan(
        body=b'data: {"choices": [null, 7], "usage": "much"}\n\n', content_type="text/event-stream"
    ),
    "cut_json": Plan(answer=condition(), wire="cut_json"),
    "ended_early": Plan(answer=condition(), wire="ended_early"),
    "no_choices": Plan(choices=False),
    "huge": Plan(answer="x" * _HUGE),
    "huge_page": Plan(body=b"<p>" * _HUGE),
    "event_error": Plan(answer=condition(), code="server_error"),
    "event_rate_limit": Plan(answer=condition(), code="rate_limit_exceeded"),
    "event_quota": Plan(answer=condition(), code="insufficient_quota"),
    # An answer that cannot be used.
    "empty": Plan(answer=""),
    "blank": Plan(answer=" \n\t"),
    "truncated": Plan(answer=condition()[:60], finish_reason="length"),
    "whitespace_loop": Plan(answer='{"conditions":[' + "\n " * 150, finish_reason="length"),
    "digit_loop": Plan(answer='{"conditions":[{"values":["4' + "0" * 300, finish_reason="length"),
    "endless_blanks": Plan(answer='{"conditions":[' + " " * 9000),
    "refusal": Plan(refusal="I cannot help with that."),
    "content_filter": Plan(answer=condition()[:40], finish_reason="content_filter"),
    "prose": Plan(answer="Sure! The customers you mean are older than 40."),
    "broken_json": Plan(answer=condition()[:-3]),
    "duplicate_keys": Plan(answer='{"conditions":[],"conditions":[],"unhandled":[]}'),
    "nan": Plan(answer='{"conditions":[],"unhandled":[],"score":NaN}'),
    "deep": Plan(answer='{"a":' * 400 + "1" + "}" * 400),
    # Answers in good form that must not be believed: for those who check the content.
    "wrong_enum": Plan(answer=_foreign_enum),
    "unknown_field": Plan(answer=condition(field="shoeSize")),
    "invented_evidence": Plan(answer=condition(evidence="nobody said this")),
    "extra_property": Plan(answer=condition(sql="1=1")),
    "obedient": Plan(answer=follow),
}

"""Tables of names and types alone: what people did, how often, and what they agreed to."""

from __future__ import annotations

from segmentry.criteria.catalog import Catalog
from segmentry.criteria.strict_json import JsonValue
from segmentry.customers import inline


def bare(columns: str, *rows: dict[str, JsonValue]) -> Catalog:
    """A catalog as of `segmentry predict`, from lines `name: type` and a few rows."""
    listed: list[JsonValue] = []
    for line in columns.strip().splitlines():
        name, _, kind = line.partition(":")
        listed.append({"name": name.strip(), "type": kind.strip()})
    return inline.catalog(listed, list(rows))


LIBRARY = bare(
    """
    card_no: string
    joined_on: date
    last_loan_date: date
    last_login: datetime
    loans_12m: integer
    loans_total: integer
    reservations_30d: integer
    fines_gbp: number
    holds: integer
    email_ok: string
    post_ok: string
    sms_ok: string
    branch: string
    phone: string
    next_event_at: datetime
    guardian_name: string
    """,
    {"email_ok": "Y", "post_ok": "N", "sms_ok": "Y", "branch": "Headingley", "guardian_name": None},
    {"email_ok": "N", "post_ok": "Y", "sms_ok": "N", "branch": "Otley", "guardian_name": "Ann Ode"},
)
RIDES = bare(
    """
    riderId: string
    firstRideAt: datetime
    lastRideAt: datetime
    lastAppOpenAt: datetime
    rides7d: integer
    rides30d: integer
    ridesTotal: integer
    referralsMade: integer
    cancelledRides30d: integer
    supportContacts90d: integer
    lastSupportContactAt: datetime
    marketingSms: boolean
    marketingPush: boolean
    marketingEmail: boolean
    homeCity: string
    paymentMethod: string
    """,
    {"homeCity": "Leeds", "paymentMethod": "card"},
    {"homeCity": "York", "paymentMethod": "wallet"},
)
LEARN = bare(
    """
    student_id: string
    enrolled_at: datetime
    last_lesson_at: datetime
    completed_at: datetime
    certificate_issued_at: datetime
    last_forum_post_at: datetime
    last_payment_at: datetime
    lessons_finished: integer
    quizzes_taken_30d: integer
    forum_posts_7d: integer
    refunds: integer
    mentor: string
    company: string
    whatsapp_optin: integer
    mkt_email_flag: integer
    call_ok: integer
    """,
    {"whatsapp_optin": 1, "mkt_email_flag": 0, "call_ok": 1},
    {"whatsapp_optin": 0, "mkt_email_flag": 1, "call_ok": 0},
)
DEEDS: dict[str, Catalog] = {"library": LIBRARY, "rides": RIDES, "learn": LEARN}

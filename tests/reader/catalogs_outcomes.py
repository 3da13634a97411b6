"""Three tables of which hardly more is known than names and types."""

from __future__ import annotations

from segmentry.criteria.catalog import Catalog, Field, FieldValue

SCHOOL = Catalog(
    "school",
    (
        Field("student_id", "string", role="id"),
        Field("grade_avg", "number"),
        Field("attendance_pct", "number"),
        Field("homeroom", "string"),
        Field("bus_rider", "boolean"),
        Field("scholarship", "boolean"),
        Field("enrolled_on", "datetime"),
        Field("last_absence", "datetime"),
        Field("absences_30d", "number", integer=True, window_days=30),
        Field("tuition_due", "number"),
        Field("guardian_email_ok", "boolean"),
        Field("house", "string"),
    ),
)
DRIVERS = Catalog(
    "drivers",
    (
        Field("driver_name", "string", pii=True),
        Field("vehicle", "string", samples=("van", "truck", "bike")),
        Field("licence_expiry", "datetime"),
        Field("km_driven", "number"),
        Field("fuel_cost", "number"),
        Field("accidents", "number", integer=True),
        Field("electric", "boolean"),
        Field("depot", "string", samples=("North", "South", "Harbour")),
        Field("hired_at", "datetime"),
        Field("rating", "number"),
        Field(
            "status", "enum", values=(FieldValue("driving"), FieldValue("resting"), FieldValue("suspended"))
        ),
    ),
)
FINTECH = Catalog(
    "fintech",
    (
        Field("user_id", "string", role="id"),
        Field("kyc_level", "number", integer=True),
        Field("balance_cents", "number", integer=True, unit="cents"),
        Field("card_active", "boolean"),
        Field("last_login", "datetime"),
        Field("transfers_7d", "number", integer=True, window_days=7),
        Field("transfers_30d", "number", integer=True, window_days=30),
        Field("country", "string", samples=("DE", "FR", "ES", "GB")),
        Field("risk_band", "enum", values=(FieldValue("low"), FieldValue("medium"), FieldValue("high"))),
        Field("referral_source", "string", samples=("friend", "ad", "press")),
        Field("push_enabled", "boolean"),
        Field("birth_date", "datetime"),
    ),
)
BARE = {"school": SCHOOL, "drivers": DRIVERS, "fintech": FINTECH}

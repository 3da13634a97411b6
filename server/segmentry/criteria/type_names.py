"""What a type is called elsewhere: SQL, pandas, Arrow, Spark, JSON Schema, spreadsheets."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from segmentry.criteria.catalog import FieldType

# What people see in messages.
LEGAL = "string, enum, number, integer, boolean, date, datetime, array"


@dataclass(frozen=True, slots=True)
class Declared:
    """A type name read.

    `values` are those that the name itself lists (`enum('a','b')`). `flag` is a number that holds 0 and 1.
    `loose` names say little (`object`, `json`), so that the values decide where there are some.
    """

    type: FieldType
    integer: bool = False
    values: tuple[str, ...] = ()
    flag: bool = False
    loose: bool = False
    unit: str = ""
    format: Literal["", "email", "e164"] = ""
    case_insensitive: bool = False
    identifier: bool = False
    range: tuple[int, int] | None = None


_STRING, _NUMBER, _INTEGER = Declared("string"), Declared("number"), Declared("number", integer=True)
_GROUPS: tuple[tuple[Declared, str], ...] = (
    (
        _STRING,
        """string str text varchar varchar2 nvarchar nvarchar2 nchar char character character_varying
        bpchar tinytext mediumtext longtext ntext clob nclob large_string utf8 large_utf8
        string_view fixedstring keyword url uri link ip inet ipv4 ipv6 cidr macaddr free_text
        freetext long_text short_text single_line_text multi_line_text textarea label name
        address city country sysname time""",
    ),
    (replace(_STRING, loose=True), "o object any variant json jsonb super mixed unknown auto dynamic"),
    (replace(_STRING, case_insensitive=True), "citext"),
    (replace(_STRING, format="email"), "email e-mail"),
    (replace(_STRING, format="e164"), "phone phone_number telephone"),
    (replace(_STRING, identifier=True), "uuid guid uniqueidentifier objectid id key primary_key identifier"),
    (
        Declared("enum"),
        """enum enumeration category categorical factor nominal ordinal select single_select singleselect
        picklist dropdown choice option lowcardinality dictionary radio status""",
    ),
    (
        _NUMBER,
        """number numeric num real float float4 float8 float16 float32 float64 double double_precision
        decimal dec fixed bigdecimal bignumeric decimal32 decimal64 decimal128 decimal256 money
        smallmoney currency amount single halffloat half_float ratio score rate continuous
        quantitative measure metric binary_float binary_double""",
    ),
    (Declared("number", unit="percent"), "percent percentage"),
    (
        _INTEGER,
        """integer int int1 int2 int3 int4 int8 int16 int32 int64 int128 int256 uint uint8 uint16 uint32
        uint64 bigint smallint mediumint tinyint long short byte whole whole_number count
        counter year unsigned signed biginteger hugeint ubigint uinteger usmallint utinyint
        discrete""",
    ),
    (
        Declared("number", integer=True, identifier=True),
        "serial bigserial smallserial serial4 serial8 autoincrement auto_increment autonumber",
    ),
    (
        Declared("boolean"),
        "boolean bool bool_ logical flag checkbox yes/no yes_no yesno true/false toggle binary switch",
    ),
    (Declared("number", integer=True, flag=True), "bit 0/1 1/0"),
    (Declared("string", values=("Y", "N")), "y/n"),
    (
        Declared("datetime"),
        """date datetime timestamp timestamptz timestampntz timestampltz timestamp_ntz timestamp_ltz
        timestamp_tz datetime2 datetime64 date32 date64 smalldatetime datetimeoffset datetimetz
        date_time date-time instant localdate localdatetime zoneddatetime offsetdatetime
        local_date local_datetime created_time last_modified_time moment""",
    ),
    (
        Declared("array"),
        """array list set tuple repeated multiselect multi_select multi-select multiple_select multi_choice
        tags string_list largelist large_list fixedsizelist fixed_size_list sequence varray
        collection""",
    ),
)  # fmt: skip
_BY_NAME = {name: declared for declared, names in _GROUPS for name in names.split()}
# Columns of these hold no plain values: criteria cannot ask about them.
_UNASKED = re.compile(
    r"(?:var)?bytea?s?|(?:tiny|medium|long|small)?blob|varbinary|image|raw|bfile|geo\w*|point|polygon|linestring"
    r"|struct|record|row|map|dict|hstore|interval|duration|timedelta\w*|vector|embedding|xml|file|attachments?|tsvector"
    r"|void|nested|super_json|hllsketch|function|button",
    re.IGNORECASE,
)
# What surrounds a type in a table's definition and says nothing about its values.
_AROUND = re.compile(
    r"\b(?:not\s+null|null(?:able)?(?![(<\[])|optional(?![(<\[])|required|mandatory|primary\s+key|unique|unsigned|signed|zerofill|identity"
    r"|auto_?increment|indexed|sortkey|distkey|default\s+\S+|collate\s+\S+|character\s+set\s+\S+)\b|[?!*]+$"
    r"|\s*\|\s*(?:none|null|undefined|nil)\b|\b(?:none|null|undefined|nil)\s*\|\s*",
    re.IGNORECASE,
)
_WRAPPER = re.compile(
    r"(?:nullable|optional|maybe|lowcardinality|union|option|types|typing|pl|pa|np|pd|sa|polars|pyarrow|numpy|pandas"
    r"|java\.\w+|system|std|dtype|<?class)(?:[(<\[:.' ]+)(.+)",
    re.IGNORECASE,
)
_LISTED = re.compile(
    r"(?:enum(?:8|16)?|set|literal|categor\w+|choice|select|picklist)\s*[(<\[{:](.+)", re.IGNORECASE
)
_QUOTED = re.compile(r"'((?:[^'\\]|''|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_SCALED = re.compile(
    r"(?:decimal|numeric|number|dec|fixed)\s*\(\s*\d+\s*(?:,\s*(-?\d+)\s*)?\)", re.IGNORECASE
)
_ZONE = re.compile(r"\s+with(?:out)?\s+(?:local\s+)?time\s?zone", re.IGNORECASE)
_ARRAY = re.compile(
    r"(?:array|list|set|tuple|repeated|largelist|sequence|multi\w*|collection)\s*[<(\[]", re.IGNORECASE
)
_PARAMETERS = re.compile(r"[(\[<{].*$")
_JUNK = re.compile(r"[\s_-]+")
_OF = re.compile(r"(?:array|list|set|collection|sequence|multiple)\s+of\s+\w+|\[\s*\w+\s*\]", re.IGNORECASE)
_TRUTHS = re.compile(
    r"\w+\s*[(\[]\s*(?:(0\s*[/,|]\s*1|1\s*[/,|]\s*0)|(ye?s?|no?)\s*[/,|]\s*(ye?s?|no?))\s*[)\]]",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\w+\s*[(\[]\s*(\d{1,9})\s*(?:-|–|\.\.+|to)\s*(\d{1,9})\s*[)\]]", re.IGNORECASE)
_MAX_LENGTH, _MOST_WRAPPERS = 4_000, 4


def read(text: str) -> Declared | None:
    """The type that a name means, or None for one that nobody uses for a column of plain values.

    >>> read("varchar(255) NOT NULL") == read("text"), read("Int64?") == read("integer")
    (True, True)
    >>> read("enum('a','b')").values, read("strnig")
    (('a', 'b'), None)
    """
    name = text.strip()
    if len(name) > _MAX_LENGTH:
        return None
    known = _BY_NAME.get(name.casefold())
    return known if known is not None else _written_out(name, _MOST_WRAPPERS)


def holds_no_plain_values(text: str) -> bool:
    """Whether a type is one of bytes, shapes, maps or spans of time, which criteria cannot ask about.

    >>> holds_no_plain_values("struct<a: int>"), holds_no_plain_values("strnig")
    (True, False)
    """
    return _UNASKED.fullmatch(_PARAMETERS.sub("", _AROUND.sub(" ", text)).strip()) is not None


def _written_out(name: str, wrappers: int) -> Declared | None:
    bare = _ZONE.sub("", _AROUND.sub(" ", name)).strip(" ,;")
    if bare.endswith("[]") or _ARRAY.match(bare) or _OF.fullmatch(bare):
        listed = _LISTED.match(bare)
        values = _values(listed[1]) if listed and bare[:3].casefold() == "set" else ()
        return Declared("array", values=values)
    listed = _LISTED.match(bare)
    if listed and (values := _values(listed[1])):
        return Declared("enum", values=values)
    wrapped = _WRAPPER.fullmatch(bare)
    if wrapped is not None and wrappers:
        inner = wrapped[1].strip(")>]('\" ")
        return _BY_NAME.get(inner.casefold()) or _written_out(wrapped[1], wrappers - 1)
    scaled = _SCALED.fullmatch(bare)
    if scaled is not None:
        return _INTEGER if int(scaled[1] or 0) == 0 else _NUMBER
    truths = _TRUTHS.fullmatch(bare)
    if truths is not None:
        return _BY_NAME["bit"] if truths[1] else Declared("string", values=(truths[2], truths[3]))
    if re.fullmatch(r"(?:tinyint|bit)\s*\(\s*1\s*\)", bare, re.IGNORECASE):
        return _BY_NAME["bit"]
    plain = _PARAMETERS.sub("", bare).strip().casefold()
    joined = _JUNK.sub("_", plain)
    found = _BY_NAME.get(plain) or _BY_NAME.get(joined) or _BY_NAME.get(joined.replace("_", ""))
    if found is None:
        # "integer column", "text field", StringType, Int64Dtype
        found = _BY_NAME.get(re.sub(r"_?(?:field|column|values?|d?type)$", "", joined))
    ends = _RANGE.fullmatch(bare)
    if found is not None and found.type == "number" and ends is not None and int(ends[1]) < int(ends[2]):
        return replace(found, range=(int(ends[1]), int(ends[2])))
    return found


def _values(inner: str) -> tuple[str, ...]:
    """The values between the brackets: quoted, or separated by commas or bars."""
    quoted = [(one or two).replace("''", "'") for one, two in _QUOTED.findall(inner)]
    if quoted:
        return tuple(dict.fromkeys(quoted))
    plain = [part.strip() for part in re.split(r"[,|;/]", inner.rstrip(")>]} "))]
    # `category[string]` and `enum(8)` name no values.
    if len(plain) < 2 or any(part.isdigit() for part in plain):
        return ()
    return tuple(dict.fromkeys(part for part in plain if part))

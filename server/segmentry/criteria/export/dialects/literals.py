"""Values inside the text of a statement, where no parameters can be: in the definition of a view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from segmentry.criteria.dates import iso
from segmentry.criteria.nodes import Scalar, Value

Literal = Callable[[Value], str]


def standard(listed: str = "", *, backslash: str = "") -> Literal:
    r"""Write a value as a text of standard SQL, which the cast around it makes a value of its type.

    Numbers too: a minus before a cast would belong to what is cast. `listed` is filled with the elements of a
    list, and `backslash` stands before texts with backslashes, which are doubled then.

    >>> write = standard("ARRAY[{}]", backslash="E")
    >>> print(write("it's"), write(-5), write(True), write(("a", "b\\c")))
    'it''s' '-5' 'true' ARRAY['a',E'b\\c']
    """

    def one(value: Scalar) -> str:
        match value:
            case None:
                return "NULL"
            case bool():
                text = str(value).lower()
            case datetime():
                text = iso(value)
            case _:
                text = str(value)
        quoted = text.replace("'", "''")
        if backslash and "\\" in quoted:
            doubled = quoted.replace("\\", "\\\\")
            return f"{backslash}'{doubled}'"
        return f"'{quoted}'"

    def write(value: Value) -> str:
        return listed.format(_joined(value, one)) if isinstance(value, tuple) else one(value)

    return write


def _joined(values: Sequence[Scalar], one: Callable[[Scalar], str]) -> str:
    return ",".join(map(one, values))

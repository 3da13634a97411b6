"""Reasons, error classes and the page that describes them are one list."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

import grpc
import pytest
from segmentry import errors
from segmentry.errors import SegmentryError
from segmentry.rpc import status
from segmentry.v1 import error_reason_pb2

from .conftest import Run

WARNINGS = list(error_reason_pb2.WarningReason.DESCRIPTOR.values_by_name)
REASONS = [
    name.removeprefix("ERROR_REASON_")
    for name in error_reason_pb2.ErrorReason.DESCRIPTOR.values_by_name
    if name != "ERROR_REASON_UNSPECIFIED"
]
CODES = {code.name for code in grpc.StatusCode}


def classes() -> list[type[SegmentryError]]:
    members = [member for _, member in inspect.getmembers(errors, inspect.isclass)]
    return [member for member in members if issubclass(member, SegmentryError)]


def made(cls: type[SegmentryError]) -> SegmentryError:
    if issubclass(cls, errors.InvalidCriteria):
        return cls([errors.Diagnostic("INVALID_FIELD", "", "Unknown field: x")])
    if issubclass(cls, errors.NotFound):
        return cls("no such thing", resourceType="thing", resourceId="x")
    return cls("a message")


def test_every_reason_is_owned_by_a_class_and_every_class_has_a_reason_of_the_contract() -> None:
    owned = {vars(cls)["reason"] for cls in classes() if "reason" in vars(cls)}
    assert sorted(owned) == sorted(REASONS)


@pytest.mark.parametrize("cls", classes(), ids=lambda cls: cls.__name__)
def test_class_becomes_a_status_that_the_page_names(cls: type[SegmentryError], checkout: Path) -> None:
    error = made(cls)
    page = (checkout / "docs" / "errors.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {status.reason_of(error)}\n(.*?)(?=^#|\Z)", page, re.MULTILINE | re.DOTALL)
    assert section is not None
    assert status.code_of(error).name in CODES & set(re.findall(r"[A-Z_]+", section[1]))


def test_page_of_errors_is_what_the_contract_gives(checkout: Path, run: Run) -> None:
    printed = run([sys.executable, "scripts/errors-doc"])
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout == (checkout / "docs" / "errors.md").read_text(encoding="utf-8")


def test_page_of_errors_has_a_section_for_every_reason_and_a_row_for_every_warning(checkout: Path) -> None:
    page = (checkout / "docs" / "errors.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (\w+)$", page, re.MULTILINE) == REASONS
    warnings = [name.removeprefix("WARNING_REASON_") for name in WARNINGS][1:]
    assert re.findall(r"^\| ([A-Z_]+) \|", page, re.MULTILINE) == warnings

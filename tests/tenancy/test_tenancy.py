"""No tenant sees, infers or references anything of another: generated over every RPC of the contract.

For every RPC there is a rule in `rules.py`: a request that succeeds for a tenant about its own things. From
it and the descriptors come the attacks. Each field that can name something is given the other tenant's thing,
alone, and the answer must be that to a name that nobody ever had. The whole request of the other tenant is
sent. What the other tenant does must not change an answer. A new RPC without a rule, or a new field of which
nobody said what it carries, fails `tests/architecture/test_tenancy_rules.py`; an RPC that answers
UNIMPLEMENTED has the rule `NotBuilt` until it is built, and whoever builds it replaces that.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from google.protobuf.message import Message
from segmentry.config import Settings, TenantSettings
from segmentry.config_kinds import Secret
from segmentry.rpc import server
from segmentry.v1 import segment_builder_pb2 as builder

from tests.canaries.watching import Changeable
from tests.tenancy.calling import RPCS, Answer, written
from tests.tenancy.carriers import Carrier, carriers, planted
from tests.tenancy.possessions import Possessions, named, struct, tables
from tests.tenancy.rules import RULES, Rule
from tests.vendor.server import Vendor

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

BUILT = sorted(key for key, rule in RULES.items() if isinstance(rule, Rule))
READ = sorted(key for key, rule in RULES.items() if isinstance(rule, Rule) and rule.reads)
ONCE = sorted(key for key in BUILT if "request_id" in RPCS[key].request.DESCRIPTOR.fields_by_name)


@dataclass
class Two:
    """Two tenants of one server, with as much each: one asks, of the other nothing may be seen."""

    theirs: Possessions
    ours: Possessions


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def two(postgres_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Two]:
    folder: Path = tmp_path_factory.mktemp("tenancy")
    # Names of one length: a token that is bound to the length alone would be caught as well.
    people = (("aurelia", "Aurelstad", "aureScore"), ("bordure", "Bordustad", "bordScore"))
    settings = Settings(
        address="127.0.0.1:0",
        data_dir=folder,
        database_dsn=Secret(postgres_dsn),
        drain_s=1.0,
        tables=tuple(table for each in people for table in tables(folder, *each)),
        # The server has a model to watch; these two are answered without it.
        ai_openai_key=Secret("sk-test"),
        ai_tenants=tuple(TenantSettings(each[0], strategy="offline") for each in people),
    )
    async with (
        Vendor(Changeable()) as vendor,
        server.running(dataclasses.replace(settings, ai_base_url=vendor.base_url)) as it,
        grpc.aio.insecure_channel(it.address) as channel,
    ):
        theirs, ours = (
            Possessions(channel, tenant, town, own, f"{tenant}_ledger", f"{tenant}-7")
            for tenant, town, own in people
        )
        for each in (theirs, ours):
            await each.acquire()
        ours.foreign = theirs.words
        yield Two(theirs, ours)


def rule_of(key: str) -> Rule:
    rule = RULES[key]
    assert isinstance(rule, Rule)
    return rule


def values(carrier: Carrier, key: str, own: Possessions) -> list[Any]:
    """What of `own` goes into that field."""
    match carrier.kind:
        case "criteria":
            segment_id = own.segment.segment_id
            pinned = {"$segment": {"id": segment_id, "version": 1}}
            return [
                struct({"$segment": segment_id}),
                struct({"$not": {"$or": [pinned]}}),
                struct({own.field: 1}),
            ]
        case "expression":
            return [named(own.segment.segment_id)]
        case "words":
            return [f"customers in {own.town}", f"{own.field} over 3"]
        case "page":
            return list(own.page_tokens.values())
        case _:
            one: dict[str, str] = {
                "schema": own.table,
                "segment": own.segment.segment_id,
                "run": own.run_id,
                "recommendation": own.recommendation.recommendation_id,
                "rule": own.rule.rule_id,
                "build": own.build_id,
                "resume": own.resume_token,
                "etag": own.segment.etag,
                "customer": own.customer_id,
                "field": own.field,
            }
            return [one[carrier.kind]]


def nobodys(theirs: Possessions) -> Possessions:
    """Names of the same shape that nobody ever had."""
    segment, rule, found = builder.Segment(), type(theirs.rule)(), type(theirs.recommendation)()
    segment.CopyFrom(theirs.segment)
    segment.segment_id, segment.etag = "seg_" + "0" * 16, turned(theirs.segment.etag)
    rule.rule_id, found.recommendation_id = "rule_" + "0" * 16, "rec_" + "0" * 16
    return dataclasses.replace(
        theirs,
        town="Qurelstad",
        field="qureScore",
        table="qurelia_ledger",
        customer_id="qurelia-7",
        segment=segment,
        rule=rule,
        recommendation=found,
        run_id=turned(theirs.run_id),
        build_id=turned(theirs.build_id),
        resume_token=turned(theirs.resume_token),
        page_tokens={key: turned(token) for key, token in theirs.page_tokens.items()},
    )


def turned(text: str) -> str:
    """Another id or token of the same form: its last ten characters in the other order."""
    other = text[:-10] + text[-10:][::-1]
    return other if other != text else text[:-1] + ("0" if text[-1] != "0" else "1")


def words_of(own: Possessions) -> list[str]:
    return [*own.secrets - {""}, own.build_id, own.resume_token, *own.page_tokens.values()]


def shown_of(two: Two, answer: Answer, request: Message) -> set[str]:
    """What an answer says of the other tenant beyond what the asker had said itself."""
    said = written(request)
    unknown = two.theirs.secrets - two.ours.said
    return {secret for secret in unknown if secret in answer.text and secret not in said}


async def test_an_rpc_that_is_built_has_a_rule(two: Two) -> None:
    for key in sorted(set(RULES) - set(BUILT)):
        answer = await two.ours.ask(key, RPCS[key].request())
        assert answer.code is grpc.StatusCode.UNIMPLEMENTED, (
            f"write a Rule for {key} in tests/tenancy/rules.py"
        )


@pytest.mark.parametrize("key", BUILT)
async def test_a_tenant_is_answered_about_its_own(two: Two, key: str) -> None:
    request = await rule_of(key).request(two.ours)
    answer = await two.ours.ask(key, request)
    assert answer.code is grpc.StatusCode.OK, answer.text
    assert not shown_of(two, answer, request)


@pytest.mark.parametrize("key", BUILT)
async def test_a_thing_of_another_tenant_is_as_absent_as_one_that_never_was(two: Two, key: str) -> None:
    never = nobodys(two.theirs)
    before = await two.theirs.everything()
    for carrier in carriers(RPCS[key]):
        if carrier.kind == "request":
            continue
        pairs = zip(values(carrier, key, two.theirs), values(carrier, key, never), strict=True)
        for theirs, absent in pairs:
            answers: list[tuple[grpc.StatusCode, str]] = []
            for value, own in ((theirs, two.theirs), (absent, never)):
                request = planted(await rule_of(key).request(two.ours), carrier, value)
                answer = await two.ours.ask(key, request)
                assert not shown_of(two, answer, request), carrier.name
                answers.append(answer.without(*words_of(own)))
            assert answers[0] == answers[1], f"{key} tells by {carrier.name} what another tenant has"
    assert await two.theirs.everything() == before


@pytest.mark.parametrize("key", BUILT)
@pytest.mark.parametrize("asks", ["bordure", "nobody"])
async def test_the_whole_request_of_another_tenant_shows_and_changes_nothing(
    two: Two, key: str, asks: str
) -> None:
    request = await rule_of(key).request(two.theirs)
    before = await two.theirs.everything()
    answer = await dataclasses.replace(two.ours, tenant=asks).ask(key, request)
    assert not shown_of(two, answer, request)
    assert await two.theirs.everything() == before
    if asks == "nobody":
        assert (
            answer.code is not grpc.StatusCode.OK or not answer.message.ListFields() or key in KNOW_NO_TENANT
        )


# About the server's model and queries of its own: every tenant is answered the same.
OF_THE_SERVER = {
    "SegmentInsights/RunCanaries",
    "SegmentInsights/GetCanaries",
    "SegmentInsights/AcceptCanaries",
    "SegmentInsights/CancelCanaries",
}
# Lists of nothing, and what is said of the server rather than of a tenant.
KNOW_NO_TENANT = {
    "SegmentInsights/GetAgentHealth",
    "SegmentInsights/CheckQualification",
    "SegmentInsights/GetAnalysisConfig",
    *OF_THE_SERVER,
}


@pytest.mark.parametrize("key", READ)
async def test_what_another_tenant_does_changes_no_answer(two: Two, key: str) -> None:
    request = await rule_of(key).request(two.ours)
    before = await two.ours.ask(key, request)
    await two.theirs.save("one more")
    await two.theirs.get(
        "SegmentBuilder/Build", builder.BuildRequest(query=f"customers in {two.theirs.town}")
    )
    await two.theirs.recommend()
    after = await two.ours.ask(key, request)
    assert after.without() == before.without()


@pytest.mark.parametrize("key", ONCE)
async def test_a_request_id_of_another_tenant_is_a_new_one(two: Two, key: str) -> None:
    said: dict[str, Answer] = {}
    for own in (two.theirs, two.ours):
        request: Any = await rule_of(key).request(own)
        request.request_id = f"{two.theirs.request_id}-{key}"
        said[own.tenant] = await own.ask(key, request)
        assert said[own.tenant].code is grpc.StatusCode.OK, said[own.tenant].text
    assert not shown_of(two, said[two.ours.tenant], builder.GetSegmentRequest())
    ids = {tenant: made(answer) for tenant, answer in said.items()}
    assert ids["aurelia"]
    # One run at a time, whoever asks.
    assert key in OF_THE_SERVER or not ids["aurelia"] & ids["bordure"]


def made(answer: Answer) -> set[str]:
    """The ids that a reply says."""
    found: set[str] = set()
    for line in answer.text.splitlines():
        name, _, value = line.strip().partition(": ")
        if name in {"segment_id", "run_id", "recommendation_id", "rule_id", "build_id"}:
            found.add(value)
    return found

"""Whom the requests of each tenant ask: the server's model, or one of the tenant's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, cast

from segmentry.agents.asking import Asker
from segmentry.agents.counters import Counters
from segmentry.agents.experiments import Experiment
from segmentry.analysis.advisor import Advisor, Advisors
from segmentry.builder.panel import Panel, Split, Strategy
from segmentry.config import Settings, TenantSettings
from segmentry.insights.model_versions import Heard
from segmentry.llm.budget import Budget, Ledger, Limits
from segmentry.llm.guarded import GuardedModel, VendorState


@dataclass(frozen=True, slots=True)
class Panels:
    """The panel of all tenants, None where no model is configured for them, and those of single tenants."""

    common: Panel | None = None
    own: Mapping[str, Panel] = field(default_factory=dict[str, Panel])

    def of(self, tenant: str) -> Panel | None:
        """Whom a tenant's requests ask; None: nobody."""
        return self.own.get(tenant, self.common)

    @property
    def all(self) -> tuple[Panel, ...]:
        """Every panel, each with a model of its own."""
        return (*(() if self.common is None else (self.common,)), *self.own.values())

    def vendor(self, tenant: str) -> VendorState | None:
        """Which model a tenant's requests ask, and whether now; None without one."""
        panel = self.of(tenant)
        model = None if panel is None else panel.asker.model
        return model.vendor if isinstance(model, GuardedModel) else None

    def heard(self) -> Heard | None:
        """What the vendor said of the model of all tenants; None without one."""
        return None if self.common is None else _heard(self.common)

    def heard_of_own(self) -> dict[str, Heard]:
        """What was said of the models that single tenants have, by tenant."""
        found = ((tenant, _heard(panel)) for tenant, panel in self.own.items())
        return {tenant: heard for tenant, heard in found if heard is not None}

    def advisors(self) -> Advisors:
        """Whom analyses ask: the same models."""
        common = None if self.common is None else _advisor(self.common)
        return Advisors(common, {tenant: _advisor(panel) for tenant, panel in self.own.items()})

    async def close(self) -> None:
        """Give up the connections of every model."""
        for each in self.all:
            await each.asker.model.close()


NOBODY: Final = Panels()


def panels(settings: Settings, counters: Counters | None = None, ledger: Ledger | None = None) -> Panels:
    """The panels of a server. Strategies, trials, budgets and counters are shared; `ledger` as `panel`.

    Only the operator's file names an address or a key, never a request.
    """
    common = panel(settings, counters, ledger)
    own: dict[str, Panel] = {}
    for tenant in settings.ai_tenants:
        if not tenant.own_model:
            continue
        asked = settings_of(settings, tenant)
        asked_by = panel(asked, counters, ledger)
        if asked_by is not None:
            own[tenant.tenant] = asked_by if common is None else replace(common, asker=asked_by.asker)
    return Panels(common, own)


def panel(settings: Settings, counters: Counters | None = None, ledger: Ledger | None = None) -> Panel | None:
    """The experts of this server; None where neither a key nor an address of a model is configured.

    `ledger` keeps what tenants spend; without it nothing bounds them.
    """
    if settings.ai_openai_key is None and not settings.ai_base_url:
        return None
    # The vendor's package takes most of a second to load, which a server without a model need not wait for.
    from segmentry.llm.openai import OpenAIModel  # noqa: PLC0415

    key = None if settings.ai_openai_key is None else settings.ai_openai_key.reveal()
    model = OpenAIModel(
        model=settings.ai_model, key=key, base_url=settings.ai_base_url, temperature=settings.ai_temp
    )
    return Panel(
        Asker(GuardedModel(model), counters),
        max_tokens=settings.ai_max_tokens,
        strategy=cast("Strategy", settings.ai_strategy),
        tenants={
            each.tenant: cast("Strategy", each.strategy)
            for each in settings.ai_tenants
            if each.strategy is not None
        },
        split=next(
            (
                Split(each.id, cast("Strategy", each.strategy), each.share)
                for each in settings.ai_trials
                if each.strategy
            ),
            None,
        ),
        experiments=tuple(
            Experiment(each.id, each.expert, each.versions) for each in settings.ai_trials if each.expert
        ),
        budget=None if ledger is None else budget(settings, ledger),
    )


def settings_of(settings: Settings, tenant: TenantSettings) -> Settings:
    """The settings with the tenant's own model in the place of the server's.

    The server's key goes to the server's address alone: with an address of its own a tenant has its own key,
    or none.
    """
    elsewhere = tenant.base_url is not None
    key = tenant.key if tenant.key is not None or elsewhere else settings.ai_openai_key
    return replace(
        settings,
        ai_model=tenant.model or settings.ai_model,
        ai_base_url=tenant.base_url or settings.ai_base_url,
        ai_openai_key=key,
    )


def _heard(panel: Panel) -> Heard | None:
    model = panel.asker.model
    return Heard(model.provider, model.model, model.versions) if isinstance(model, GuardedModel) else None


def budget(settings: Settings, ledger: Ledger) -> Budget | None:
    """What tenants may spend on the model; None where nobody is bounded, so that nothing is kept."""
    common = Limits(settings.ai_requests_per_minute, settings.ai_tokens_per_day, settings.ai_cost_per_day_usd)
    own = {each.tenant: limits_of(each, common) for each in settings.ai_tenants}
    bounded = common.bounded or any(each.bounded for each in own.values())
    return Budget(ledger, common, own) if bounded else None


def limits_of(tenant: TenantSettings, common: Limits) -> Limits:
    """The bounds of one tenant: its own, and those of all where it has none."""
    return Limits(
        common.requests_per_minute if tenant.requests_per_minute is None else tenant.requests_per_minute,
        common.tokens_per_day if tenant.tokens_per_day is None else tenant.tokens_per_day,
        common.cost_per_day_usd if tenant.cost_per_day_usd is None else tenant.cost_per_day_usd,
    )


def _advisor(panel: Panel) -> Advisor:
    return Advisor(panel.asker, panel.max_tokens, panel.budget)

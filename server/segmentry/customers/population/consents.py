"""Consents: which channels a person allowed. Few have never been asked; who was deleted allows nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segmentry.customers.population.draw import Bools, Floats, Ints, generator
from segmentry.customers.population.membership import DELETED

SUBJECT = 3
Codes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Consents:
    """(n,) codes of booleans each (0 unset, 1 no, 2 yes); `reads_mail` is who gets campaigns at all."""

    email: Codes
    sms: Codes
    push: Codes
    whatsapp: Codes
    reads_mail: Bools


def draw(seed: int, chunk: int, keen: Floats, status: Ints) -> Consents:
    rng = generator(seed, SUBJECT, chunk)
    n = len(keen)
    deleted = status == DELETED
    # One mood behind all four: who allows one channel is likelier to allow the next.
    mood = 0.5 * keen + 0.5 * rng.random(n)

    def answer(threshold: float, unasked: float) -> Codes:
        allowed = (mood + 0.5 * rng.random(n) > threshold) & ~deleted
        return np.where(~deleted & (rng.random(n) < unasked), 0, allowed + 1).astype(np.uint8)

    email = answer(0.62, 0.03)
    return Consents(
        email=email,
        sms=answer(0.84, 0.05),
        push=answer(0.92, 0.12),
        whatsapp=answer(0.78, 0.10),
        # Some opened mails before they withdrew their consent.
        reads_mail=(email == 2) | (~deleted & (rng.random(n) < 0.12)),
    )

"""What was found out about a word, kept within bounds because the same words come back in other queries."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")
# characters; what is longer is hardly said twice
_LONGEST = 60


class Memory(dict[str, T], Generic[T]):
    """A dictionary that forgets everything when it is full. Each thread sees a whole entry or none."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def keep(self, word: str, found: T) -> T:
        """Remember what was found, and hand it on."""
        if len(word) <= _LONGEST:
            if len(self) >= self.most:
                self.clear()
            self[word] = found
        return found

"""Passwords are hashed as everywhere, only with little work: these pages try dozens of them."""

import pytest
from argon2 import PasswordHasher

from app.accounts import credentials


@pytest.fixture(autouse=True)
def little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))

from typing import Any

class Config:
    def __init__(self, **how: Any) -> None: ...

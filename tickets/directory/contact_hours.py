"""In which hours of the city's day a way of reaching somebody is used."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hours:
    """Whole hours of the city's day; both None: always. Whoever works at night begins later than they end: 22 to 6."""

    from_hour: int | None = None
    to_hour: int | None = None

    def hold_at(self, hour: int) -> bool:
        if self.from_hour is None or self.to_hour is None:
            return True
        if self.from_hour < self.to_hour:
            return self.from_hour <= hour < self.to_hour
        return hour >= self.from_hour or hour < self.to_hour

"""`./hotline escalation simulate`: rules that flood a leader are found before they are saved, the same for a seed."""

import json
import tempfile
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.cli.commands import CommandRefused, build_parser
from app.rehearsal.house import HOUSE_LOOKS_EVERY, House

# Every matter that nobody has taken within two minutes goes to a member of the city's leadership.
FLOODING = """
name: Everything to the leadership
match: {}
rows:
  - {priority: normal, clock: accept, target_seconds: 120, calendar: 24x7, warn: [75], chain: to-leaders}
  - {priority: urgent, clock: accept, target_seconds: 120, calendar: 24x7, warn: [75], chain: to-leaders}
  - {priority: emergency, clock: accept, target_seconds: 120, calendar: 24x7, warn: [75], chain: to-leaders}
chains:
  - name: to-leaders
    steps:
      - {level: 1, post: city_leader, offset_seconds: 60, least_seconds: 60, channels: [sms]}
"""


def simulated(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    arguments = build_parser().parse_args(["escalation", "simulate", *words])
    code: int = arguments.run(arguments)
    return code, capsys.readouterr().out


def every_look(house: House, _session: Session) -> datetime:
    begins_at: datetime = house._begins_at
    return begins_at + ((house._at - begins_at) // HOUSE_LOOKS_EVERY + 1) * HOUSE_LOOKS_EVERY


def test_rules_that_flood_a_leader_are_found_and_the_same_seed_says_the_same(
    capsys, monkeypatch, tmp_path: Path
) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(FLOODING, encoding="utf-8")
    killed = Path(tempfile.mkdtemp(prefix="hotline-rehearsal-"))
    (killed / "engines.lock").touch()
    few = ("--days", "1", "--tickets-a-day", "60", "--policies", str(file))

    code, said = simulated(capsys, *few, "--json")
    # Once more, with every look of the day: those left out would have found nothing.
    monkeypatch.setattr(House, "_next_look", every_look)
    again, table = simulated(capsys, *few, "--locale", "vi")

    found = json.loads(said)
    of_city, others = found["leaders"]
    most, mean = of_city["most_items"], of_city["items_a_day"]
    assert code == again == 1 and found["kept"] is False
    assert of_city["days_above"] == of_city["by_emergencies"], "but for emergencies the lists hold it"
    assert of_city["too_much_for"] > 0, "what lists gather, or what is over before they come, is too much all the same"
    assert all(one["of"][0]["clock"] == "accept" for one in found["busiest"])
    days = f"{of_city['days']} | {of_city['days_above']} | {of_city['by_emergencies']}"
    assert f"| của Thành phố | {of_city['people']} | {mean} | {most} | {days} |" in table
    assert others["people"] > 100 and f"| của phường, sở và cơ quan khác | {others['people']} |" in table
    for one in found["posts"]:
        post = one["post"] or "không chức vụ: chỉ nhận nhắc hạn"
        met = f"{one['people']} | {one['items_a_day']} | {one['most_items']} | {one['days_above']}"
        assert f"| {post} | {met} |" in table
    for one in found["levels"]:
        assert f"| L{one['level']} | {one['results'].get('notified', 0)} |" in table
    assert not killed.exists(), "what one that was killed has left"


@pytest.mark.parametrize(
    "words",
    [("--days", "0"), ("--days", "32"), ("--tickets-a-day", "0"), ("--from", "monday"), ("--policies", "/none")],
)
def test_what_cannot_be_rehearsed_is_refused_in_words(capsys, words: tuple[str, str]) -> None:
    with pytest.raises(CommandRefused, match=r"--|cannot"):
        simulated(capsys, *words)

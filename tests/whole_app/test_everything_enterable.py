"""Every table of reference data can be entered by screen and by file, taken out as a file, and read by programs."""

from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.accounts.enrolment import add_token
from app.seeding.file_kinds import FILE_KINDS, POLICIES
from app.seeding.files_out import export_file, template_file
from app.web.administration.entered import screen_of
from app.web.api.reference_data import PUBLIC_KINDS
from app.web.frame.application import HotlineApp
from tests.signing_in import sign_in
from tickets.schema import Base
from tickets.schema.reference_version import MOVES_PLACES, MOVES_RULES
from tickets.states import Role

# Table → the kinds of file that fill it.
REFERENCE = {
    "unit": ("units",),
    "unit_succession": ("units",),
    "unit_membership": ("units",),
    # What a body needs to work is made along with it.
    "queue": ("units",),
    "one_stop_office": ("offices",),
    "line": ("lines",),
    "post": ("posts",),
    "staff": ("people",),
    "role_assignment": ("people",),
    "contact_method": ("people",),
    "post_holding": ("people",),
    "shift": ("rota",),
    "absence": ("leave",),
    "responsibility": ("responsibilities",),
    "category": ("categories",),
    "procedure": ("procedures",),
    "procedure_year": ("dossiers",),
    "calendar": ("calendars",),
    "calendar_version": ("calendars",),
    "holiday": ("holidays",),
    "policy": (POLICIES,),
    "policy_version": (POLICIES,),
    "policy_row": (POLICIES,),
    "chain": (POLICIES,),
    "chain_version": (POLICIES,),
    "chain_step": (POLICIES,),
    "matter_version": ("emergency-words", "matter-words"),
    "matter_row": ("emergency-words", "matter-words"),
    "prepared_answer": ("answers",),
    "place_alias": ("aliases",),
    "street": ("streets",),
    "street_ward": ("streets",),
    "landmark": ("landmarks",),
}
# Sounds, not rows: looked at, heard and brought in on their own page, also as a studio's folder.
OF_SOUND = {"recorded_prompt": "/administration/prompts"}


def test_every_kind_of_file_fills_a_table_that_is_named_here() -> None:
    filled = {kind for kinds in REFERENCE.values() for kind in kinds}

    assert filled == set(FILE_KINDS)
    assert set(REFERENCE) | set(OF_SOUND) <= set(Base.metadata.tables)


def test_a_table_that_contacts_are_judged_by_can_be_entered() -> None:
    """What triggers of the reference version watch is reference data, whoever adds to it."""
    watched = {table for _name, (_body, tables) in (MOVES_RULES, MOVES_PLACES) for table in tables}
    # Decisions about what happens now, each with a page of its own.
    decided = {"incident", "going_live", "dialled_prefix", "guidance", "matter_learning"}

    assert watched - decided <= set(REFERENCE)


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_a_kind_has_a_screen_a_template_an_export_and_is_read_by_programs(
    app: HotlineApp, session: Session, now: datetime, kind: str
) -> None:
    token = add_token(session, name="reader", scopes=("directory:read", "admin"), unit_code="", now=now)
    with app.bound_to(session, now):
        staff, program = app.test_client(), app.test_client()
        sign_in(staff, session, role=Role.ADMINISTRATOR, now=now)
        assert seen(staff, screen_of(kind)) == 200, screen_of(kind)
        answer = program.get(f"/api/v1/reference/{kind}", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 200
    assert set(answer.get_json()) == {"items", "next"}
    for form in ("csv", "xlsx"):
        assert template_file(session, kind, form=form, locale="vi", now=now)
        assert export_file(session, kind, form=form, locale="vi", now=now)


@pytest.mark.parametrize("kind", FILE_KINDS)
def test_only_what_anybody_may_know_is_read_without_the_scope_of_administrators(
    app: HotlineApp, session: Session, now: datetime, kind: str
) -> None:
    token = add_token(session, name="reader", scopes=("directory:read",), unit_code="", now=now)
    with app.bound_to(session, now):
        answer = app.test_client().get(f"/api/v1/reference/{kind}", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == (200 if kind in PUBLIC_KINDS else 403)


def test_all_rows_of_a_kind_are_read_page_by_page(app: HotlineApp, session: Session, now: datetime) -> None:
    token = add_token(session, name="reader", scopes=("directory:read",), unit_code="", now=now)
    with app.bound_to(session, now):
        client, found, cursor = app.test_client(), [], ""
        while cursor is not None:
            asked = {"limit": 100, "cursor": cursor} if cursor else {"limit": 100}
            told = client.get(
                "/api/v1/reference/units", query_string=asked, headers={"Authorization": f"Bearer {token}"}
            ).get_json()
            found += [row["code"] for row in told["items"] if row["valid_to"] == "" and row["code"]]
            cursor = told["next"]

    assert len(found) == len(set(found)) > 168


def test_sounds_have_their_own_page(app: HotlineApp, session: Session, now: datetime) -> None:
    with app.bound_to(session, now):
        client = app.test_client()
        sign_in(client, session, role=Role.ADMINISTRATOR, now=now)
        assert [seen(client, page) for page in OF_SOUND.values()] == [200]


def seen(client: FlaskClient, address: str) -> int:
    return client.get(address, follow_redirects=True).status_code

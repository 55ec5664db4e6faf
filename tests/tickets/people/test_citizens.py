from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import func, select

from app.storage.database import transaction
from tests.factories import NOW, open_ticket
from tickets.people import citizens
from tickets.schema import Citizen, CitizenPhone, PhonePreference


def test_a_person_is_known_by_the_phone_again(session):
    first = open_ticket(session, phone="+84901230001", name="Hoa")
    again = open_ticket(session, phone="+84901230001")

    assert again.citizen_id == first.citizen_id
    assert session.get_one(Citizen, first.citizen_id).name == "Hoa"


def test_somebody_who_hides_the_number_and_gives_no_name_is_nobody(session):
    assert open_ticket(session, phone=None).citizen_id is None


def test_a_name_alone_is_a_record_of_its_own_that_nobody_shares(session):
    one = open_ticket(session, phone=None, name="An")
    two = open_ticket(session, phone=None, name="An")

    assert None not in (one.citizen_id, two.citizen_id)
    assert one.citizen_id != two.citizen_id


def test_an_address_typed_into_a_form_does_not_lead_to_the_record_of_somebody_with_a_phone(session):
    owner = open_ticket(session, phone="+84901230002", email="hoa@example.vn")
    other = open_ticket(session, phone=None, email="hoa@example.vn")
    again = open_ticket(session, phone=None, email=" HOA@example.vn")

    assert None not in (owner.citizen_id, other.citizen_id)
    assert other.citizen_id != owner.citizen_id
    assert again.citizen_id == other.citizen_id


def test_of_several_people_at_one_phone_the_one_with_the_name_is_meant(session):
    father = citizens.create(session, phone="+84901230003", name="Nguyễn Văn Ba", now=NOW)
    daughter = citizens.create(session, phone="+84901230003", name="Nguyễn Thị Tư", now=NOW)

    assert citizens.find(session, phone="+84901230003", name="nguyen thi tu").id == daughter.id
    assert citizens.find(session, phone="+84901230003").id == father.id


def test_what_is_known_is_completed_and_never_overwritten_from_outside(session):
    known = citizens.create(session, phone="+84901230004", now=NOW)
    citizens.complete(session, known, name="Hoa", email="hoa@example.vn")
    citizens.complete(session, known, name="Kẻ khác", email="other@example.vn")

    stored = session.get_one(Citizen, known.id)
    assert (stored.name, stored.email) == ("Hoa", "hoa@example.vn")


def test_the_first_refusal_of_sms_is_the_one_that_is_kept_until_they_are_welcome_again(session):
    citizens.opt_out(session, "+84901230005", reason="stop", now=NOW)
    citizens.opt_out(session, "+84901230005", reason="21610", now=NOW + timedelta(days=1))
    refused = session.get_one(PhonePreference, "+84901230005", populate_existing=True).sms_opted_out_at
    citizens.opt_in(session, "+84901230005")

    assert refused == NOW
    assert session.get_one(PhonePreference, "+84901230005").sms_opted_out_at is None


def test_eight_first_contacts_of_one_phone_at_once_make_one_citizen(committed):
    def arrive(_: int) -> int | None:
        with transaction(committed.factory) as session:
            return open_ticket(session, phone="+84901230006").citizen_id

    with ThreadPoolExecutor(8) as doors:
        ids = set(doors.map(arrive, range(8)))

    with transaction(committed.factory) as session:
        assert len(ids) == 1
        assert session.scalar(select(func.count()).where(CitizenPhone.phone == "+84901230006")) == 1

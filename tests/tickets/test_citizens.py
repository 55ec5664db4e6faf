from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from app.database import transaction
from tests.factories import NOW
from tickets import citizens
from tickets.schema import Citizen, CitizenPhone


def test_a_person_is_known_by_the_phone_again(session):
    first = citizens.find_or_create(session, phone="+84901230001", name="Hoa", now=NOW)
    again = citizens.find_or_create(session, phone="+84901230001", now=NOW)

    assert again.id == first.id
    assert again.name == "Hoa"


def test_somebody_who_hides_the_number_and_gives_no_name_is_nobody(session):
    assert citizens.find_or_create(session, phone=None, now=NOW) is None


def test_a_name_alone_is_a_record_of_its_own_that_nobody_shares(session):
    one = citizens.find_or_create(session, phone=None, name="An", now=NOW)
    two = citizens.find_or_create(session, phone=None, name="An", now=NOW)

    assert one.id != two.id


def test_an_address_typed_into_a_form_does_not_lead_to_the_record_of_somebody_with_a_phone(session):
    owner = citizens.find_or_create(session, phone="+84901230002", email="hoa@example.vn", now=NOW)
    other = citizens.find_or_create(session, phone=None, email="hoa@example.vn", now=NOW)
    again = citizens.find_or_create(session, phone=None, email=" HOA@example.vn", now=NOW)

    assert other.id != owner.id
    assert again.id == other.id


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
    citizens.opt_out(session, "+84901230005", reason="21610", now=NOW)
    refused = citizens.has_opted_out(session, "+84901230005")
    citizens.opt_in(session, "+84901230005")
    session.flush()

    assert refused
    assert not citizens.has_opted_out(session, "+84901230005")


def test_eight_first_contacts_of_one_phone_at_once_make_one_citizen(committed):
    def arrive(_: int) -> int:
        with transaction(committed.factory) as session:
            return citizens.find_or_create(session, phone="+84901230006", now=NOW).id

    with ThreadPoolExecutor(8) as doors:
        ids = set(doors.map(arrive, range(8)))

    with transaction(committed.factory) as session:
        assert len(ids) == 1
        assert session.scalar(select(func.count()).where(CitizenPhone.phone == "+84901230006")) == 1

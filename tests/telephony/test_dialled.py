"""A number is the same in every form in which carriers write it; hidden ones are recognised in every disguise."""

import pytest

from telephony.dialled import chat_service, dialled, is_withheld
from tickets.people.phones import parse_phone


@pytest.mark.parametrize(
    "raw",
    [
        "anonymous", "Anonymous", "unknown", "RESTRICTED", "unavailable", "blocked", "private", "", "  ", None, "+",
        "+266696687", "266696687", "+7378742833", "+2562533", "+8656696", "+86282452253", "+7748483",
        "sip:anonymous@anonymous.invalid", "sip:@10.0.0.1", "0", "+0000",
        '"Anonymous" <sip:anonymous@anonymous.invalid>', "sip:Restricted@10.0.0.1;user=phone", "tel:",
        "sips:unknown@gw:5061", "<sip:+266696687@gw>", "Private Number", "sip:Private%20Number@gw", "No Caller ID",
        "zalo:anonymous", "sip:c8oqz84zk7z@anonymous.invalid", '"An" <sip:user@Anonymous.Invalid>;tag=1',
        "restricted@gw", "sip:Coverage@anonymous.invalid",
        '"0901234567" <sip:anonymous@anonymous.invalid>',
    ],
)  # fmt: skip
def test_a_hidden_number_is_seen_as_hidden(raw):
    assert is_withheld(raw)


@pytest.mark.parametrize(
    "raw", ["+84901234567", "0901234567", "1022", "client:agent_42", "+39266696687", "sip:+84901234567@x"]
)
def test_a_shown_number_is_not(raw):
    assert not is_withheld(raw)


MOBILE, LANDLINE = "+84901234567", "+842838291055"


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("sip:+84901234567@10.0.0.1", MOBILE),
        ("sip:84901234567@trunk.example.vn:5060;transport=udp", MOBILE),
        ("sip:0901234567@trunk.example.vn;user=phone", MOBILE),
        ("sips:+84901234567;npdi;rn=+84900000000@gw", MOBILE),
        ("sip:%2B84901234567@gw", MOBILE),
        ("sip:0084901234567@gw", MOBILE),
        ("sip:+840901234567@gw", MOBILE),
        ("sip:840901234567@gw", MOBILE),
        ("SIP:+84901234567:secret@gw", MOBILE),
        ('"Nguyễn Văn An" <sip:+84901234567@gw>;tag=9fxced76sl', MOBILE),
        ('"0900000000, An" <sip:+84901234567@gw;user=phone>, <tel:+84901234567>', MOBILE),
        ("<tel:+84-90-123-4567>", MOBILE),
        ("tel:+84901234567;cpc=ordinary", MOBILE),
        ("tel:901234567;phone-context=+84", MOBILE),
        ("tel:0901234567;phone-context=+84", MOBILE),
        ("tel:+84901234567;ext=12", MOBILE),
        ("whatsapp:+84901234567", MOBILE),
        ("090 123 4567", MOBILE),
        ("+84 (0)28 3829 1055", LANDLINE),
        ("sip:02838291055@pbx.ward.example", LANDLINE),
        ("028 3829 1055 ext. 12", LANDLINE),
        ("02838291055x12", LANDLINE),
        ("02838291055,,12#", LANDLINE),
        ("sip:02838291055,12@gw", LANDLINE),
        ("028 3829 1055 máy lẻ 12", LANDLINE),
        ("02838291055 (ext: 12)", LANDLINE),
        ("tel:38291055;phone-context=+84-28", LANDLINE),
        ("+84 901234567;ext=5", MOBILE),
        ('"An <nhà>" <sip:+84901234567@gw>', MOBILE),
        ("<sip:an@pbx>, <tel:+84901234567>", MOBILE),
        ("0901234567@trunk.example.vn", MOBILE),
        ("sip:0901234567@xn--thnhph-6ya.vn;user=phone", MOBILE),
        ("\u202a+84901234567\u202c", MOBILE),
        ("０９０１２３４５６７", MOBILE),
        ("+84[0]901234567", MOBILE),
        ("#31#0901234567", MOBILE),
        ("*31#+84901234567", MOBILE),
        ('"0901234567"', MOBILE),
        ("rcs:+84901234567", MOBILE),
        ("sip:38291055;phone-context=+8428@gw;user=phone", LANDLINE),
        ("sip:901234567;phone-context=+84@gw;user=phone", MOBILE),
        ("tel:1022;phone-context=+84", "1022"),
        ("sip:1022;phone-context=+84@gw;user=phone", "1022"),
        ("sip:+84901234567@anonymous.invalid", MOBILE),
        ("viber:+84901234567", MOBILE),
        ("viber:84901234567", MOBILE),
        ("zalo:84901234567", MOBILE),
        ("Zalo:0901234567", MOBILE),
        ("zalo:%2B84901234567", MOBILE),
        ("<sip:+84901234567@gw;user=phone>;party=calling;privacy=off;screen=yes", MOBILE),
        ("sip:+84901234567;cpc=ordinary@gw;user=phone", MOBILE),
        ("<sip:anonymous@anonymous.invalid>,<tel:+84901234567>", MOBILE),
        ("zalo:2512523625412515000", None),
        ("zalo:8449012345671234567", None),
        ("viber:01234567890A=", None),
        ("telegram:901234567", None),
        ("messenger:84901234567", None),
        ("sip:1022@gw.example.vn", "1022"),
        ("tel:1022;phone-context=hcmc.example.vn", "1022"),
        ("sip:+14155550100@gw", "+14155550100"),
        ("sip:+390669812345@gw", "+390669812345"),
        ("sip:201@pbx", None),
        ("client:agent_42", None),
        ("sip:an.nguyen@example.vn", None),
    ],
)
def test_a_number_is_read_in_every_form_in_which_carriers_write_it(raw, number):
    parsed = parse_phone(dialled(raw))
    assert (parsed.number if parsed else None) == number
    assert not is_withheld(raw)


@pytest.mark.parametrize(
    ("raw", "service"),
    [
        ("zalo:2512523625412515000", "zalo"),
        ("ZALO:8449012345671234567", "zalo"),
        ("viber:01234567890A=", "viber"),
        ("messenger:84901234567", "messenger"),
        ("telegram:901234567", "telegram"),
        ("whatsapp:VN.13491208655302741918", "whatsapp"),
        ("whatsapp:+84901234567", None),
        ("viber:+84901234567", None),
        ("zalo:84901234567", None),
        ("zalo:anonymous", None),
        ("VIETTEL", None),
        ("191", None),
        ("sip:VIETTEL@gw", None),
        ("sip:an.nguyen@example.vn", None),
        ("client:agent_42", None),
        ("anonymous", None),
        ("", None),
        ("zalo:", None),
    ],
)
def test_whoever_writes_by_a_service_without_numbers_is_told_from_a_number_and_from_a_machine(raw, service):
    assert chat_service(raw) == service

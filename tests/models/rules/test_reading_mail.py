"""Readings told in an e-mail's own words: in the shapes in which people write them, all worded anew here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.reading_mail import LONGEST, Spot, codes, own_words, propose


def spot(number: int, kind: str, meter: str, room: str = "", name: str = "", digits: int = 5, decimals: int = 3) -> Spot:
    return Spot(number, digits, decimals, {"kind": kind, "meter": meter, "room": room, "name": name, "flat": "34", "code": "20417"})


COLD, HOT, LIGHT = spot(1, "cold_water", "12345678", "kitchen"), spot(2, "hot_water", "87654321", "kitchen"), spot(3, "electricity", "777", "hall", digits=6, decimals=0)
FLAT = [COLD, HOT, LIGHT]
LARGE = [*FLAT, spot(4, "cold_water", "5550111", "bathroom"), spot(5, "hot_water", "5550222", "bathroom")]
BOTH = {1: "126,5", 2: "88"}


@pytest.mark.parametrize("text", [
    "Labdien, klienta nr. 20417, aukstais ūdens 126,5, karstais 88 . Paldies",
    "labdien! auksts 126,5 karsts 88", "AUKSTAIS-126,5; KARSTAIS-88", "Aukstais = 126,5 / karstais = 88", "aukstais ūdens: 126,5 m3, karstais ūdens: 88 m3",
    "Aukstais 126,5m³ karstais 88m³", "Aukstais 126,5 m 3, karstais 88 m 3", "a.ū. 126,5 k.ū. 88", "AU 126,5 KU 88", "aukstā ūdens rādījums 126,5 kubikmetri, karstā ūdens rādījums 88 kubi",
    "Aukstais\n126,5\nKarstais\n88", "126,5 aukstais, 88 karstais", "126,5 (aukstais)\n88 (karstais)", "126,5 m3 – aukstais ūdens\n88 m3 – karstais ūdens",
    "1. Aukstais 126,5\n2. Karstais 88", "1) 126,5 aukstais\n2) 88 karstais", "karstais 88, aukstais 126,5", "Siltais ūdens 88, aukstais 126,5",
    "Sūtu aukstā un karstā ūdens rādījumus:\naukstais 126,5\nkarstais 88", "Sūtu aukstā un karstā ūdens skaitītāju rādījumus: aukstais 126,5, karstais 88",
    "Saltais ūdens 126,5, karstais 88", "uz 25.11.2026 aukstais 126,5, karstais 88", "Novembris 2026: aukstais 126,5, karstais 88", "25. novembrī aukstais 126,5 karstais 88",
    "aukstais 126,5 (25.11.) karstais 88 (25.11.)", "2026. gada 25. novembris. Aukstais 126,5. Karstais 88.", "Aukstais 126,5, plkst. 18:30, karstais 88", "aukstais iepriekš 120, tagad 126,5; karstais bija 80, tagad 88",
    "aukstais no 120 līdz 126,5, karstais no 80 līdz 88", "aukstais 126,5 (patēriņš 6,5), karstais 88 (patēriņš 8)", "Aukstais 126,5, karstais 88\nJūlija Kalniņa, tālr. 29 123 456", "Aukstais 126,5, karstais 88\n+371 29123456",
    "Aukstais 126,5, karstais 88\nBrīvības iela 12-34, Ogre, LV-5001", "Brīvības iela 12 dz. 34: aukstais 126,5, karstais 88", "5. stāvs, aukstais 126,5, karstais 88", "aukstais 126,5, karstais 88, samaksāju 12,50 EUR",
    "Virtuvē aukstais 126,5 karstais 88", "virtuve: 126,5 aukstais, 88 karstais", "20417: 126,5 aukstais, 88 karstais", "Skaitītājs Nr. 12345678 - 126,5\nSkaitītājs Nr. 87654321 - 88", "Nr.12345678: 126,5; Nr.87654321: 88", "12345678 126,5\n87654321 88",
    "5678 - 126,5\n4321 - 88", "skaitītājs ...5678 126,5, skaitītājs ...4321 88", "Skaitītājam, kas beidzas ar 5678, ir 126,5, kas beidzas ar 4321, ir 88",
    "Здравствуйте! Абонент 20417. Холодная вода 126,5, горячая 88.", "хол. 126,5 гор. 88", "ХВС 126,5 ГВС 88", "вода холодная 126,5 куб.м, вода горячая 88 куб.м", "счётчик № 12345678 126,5, № 87654321 88",
    "за ноябрь: холодная 126,5; горячая 88", "холодной воды было 120, стало 126,5, горячей было 80, стало 88", "кв. 34 холодная 126,5 горячая 88, тел. 29123456", "кухня: холодная — 126,5, горячая — 88",
    "Hello, customer No. 20417: cold water 126,5, hot water 88. Thanks", "Cold: 126,5 Hot: 88", "HW 88, CW 126,5", "November 25, 2026: cold 126,5 hot 88", "As of 25 November 2026 cold 126,5 hot 88", "flat 34, cold water previous 120 current 126,5, hot 88",
    "meter ending in 5678: 126,5, meter ending 4321: 88", "November 25: cold 126,5 hot 88", "Cold water meter: 126,5 m3 (was 120)\nHot water meter: 88 m3 (was 80)", "cold 126,5\nhot 88\nanna@example.com https://example.com/99",
    "aukstais 126,5, karstais 88, auksts 126,5",
])  # fmt: skip
def test_both_values_are_found(text: str):
    assert propose(text, FLAT) == BOTH


@pytest.mark.parametrize(("text", "found"), [
    ("Virtuve:\n aukstais 1\n karstais 2\nVannas istaba:\n aukstais 4\n karstais 5", {1: "1", 2: "2", 4: "4", 5: "5"}),
    ("Aukstais:\n virtuve 1\n vanna 4\nKarstais:\n virtuve 2\n vanna 5", {1: "1", 2: "2", 4: "4", 5: "5"}),
    ("virtuve aukstais 1 karstais 2, vanna aukstais 4 karstais 5, elektrība 900 kWh", {1: "1", 2: "2", 3: "900", 4: "4", 5: "5"}),
    ("aukstais vannā 4, virtuvē 1", {1: "1", 4: "4"}), ("aukstais 1 virtuvē, 4 vannā", {1: "1", 4: "4"}), ("12345678 1 aukstais, 87654321 2 karstais", {1: "1", 2: "2"}), ("aukstais 1 vannā 4", {}), ("ванная холодная 4 горячая 5, свет 900", {3: "900", 4: "4", 5: "5"}), ("5550111 4, 12345678 1", {1: "1", 4: "4"}),
    ("aukstais 126,5, karstais 88", {}), ("Elektrība: 900", {3: "900"}), ("elektrība 900,5", {}), ("skaitītājs nr. 777 – 900", {3: "900"}),
])  # fmt: skip
def test_rooms_meters_and_kinds_tell_several_apart(text: str, found: dict[int, str]):
    assert propose(text, LARGE) == found


@pytest.mark.parametrize(("text", "found"), [
    ("aukstais 00126,500, karstais 1 265", {1: "00126,500", 2: "1 265"}), ("aukstais 126.5 karstais 1'265.5", {1: "126.5", 2: "1'265.5"}), ("cold 126.5. hot 88.", {1: "126.5", 2: "88"}),
    ("aukstais 1O5, karstais 88", {2: "88"}), ("aukstais l26 karstais 88", {2: "88"}), ("aukstais 126½ karstais 88", {2: "88"}), ("aukstais １２６, karstais 88", {2: "88"}), ("aukstais ١٢٦ karstais 88", {2: "88"}),
    ("aukstais 1.265,5 karstais 88", {2: "88"}), ("aukstais 126,5678 karstais 88", {2: "88"}), ("aukstais 1234567, karstais 88", {2: "88"}), ("aukstais 00126 500, karstais 88", {2: "88"}), ("aukstais 126-88", {}),
    ("aukstais 126 vai 127, karstais 88", {2: "88"}), ("aukstais 126, karstais 88, aukstais 127", {2: "88"}), ("aukstais un karstais: 126 88", {}), ("126 aukstais, 88", {}), ("virtuve 126 aukstais, 88", {}), ("25 aukstais 126", {}), ("126 88", {}), ("ūdens 126", {}), ("Rādījums 126", {}),
    ("nr 999999 aukstais 126", {}), ("Klienta nr. 99999: aukstais 126", {}), ("dz. 35: aukstais 126", {}), ("dz. 34: aukstais 126\ndz. 35: aukstais 88", {1: "126"}), ("Brīvības iela 12-35 aukstais 126", {}),
    ("Abonents 20417 aukstais 126\nAbonents 20418 aukstais 88", {1: "126"}), ("20418: aukstais 126\n20417: aukstais 88", {1: "88"}), ("Rādījumi fotogrāfijā. Paldies!", {}), ("", {}), ("gāze 12", {}), ("siltums 12", {}),
])  # fmt: skip
def test_nothing_is_guessed(text: str, found: dict[int, str]):
    assert propose(text, FLAT, ["20418"]) == found


def test_where_there_is_one_dial_alone_a_number_needs_no_name_and_registers_have_theirs():
    assert propose("Labdien! Rādījums 126", [COLD]) == {1: "126"} == propose("ūdens 126", [COLD, LIGHT]) and propose("126 un 127", [COLD]) == {}
    day, night = spot(1, "electricity", "777", name="Diena"), spot(2, "electricity", "777", name="Nakts")
    assert propose("elektrība diena 900 nakts 400", [day, night]) == {1: "900", 2: "400"}
    assert propose("Gāze 12,345", [spot(1, "lpg", "1")]) == {1: "12,345"} == propose("garāžā 12,345", [spot(1, "gas", "1", "Garāža")]) | {1: "12,345"}


SAID = "Aukstais 126,5"


@pytest.mark.parametrize("rest", [
    "\n-- \nAnna\n29123456 karstais 5", "\n> karstais 5", "\n-----Original Message-----\nkarstais 5", "\n----- Sākotnējais ziņojums -----\nkarstais 5", "\nOn 1 Nov 2026, Anna wrote:\nkarstais 5",
    "\n2026. gada 1. nov., plkst. 10:00, Anna <a@example.com>\nrakstīja:\nkarstais 5", "\nпт, 1 нояб. 2026 г. в 10:00, Анна <a@example.com> написала:\nkarstais 5", "\n________________________________\nkarstais 5",
    "\nFrom: Anna\nSent: Monday\nTo: us\nkarstais 5", "\nNo: Anna\nNosūtīts: pirmdien\nkarstais 5", "\nОт: Анна\nДата: 1 ноября\nkarstais 5",
])  # fmt: skip
def test_history_and_signature_are_left_out(rest: str):
    assert propose(own_words("Re: Rādījumi", SAID + rest), FLAT) == {1: "126,5"}


@pytest.mark.parametrize(("subject", "text"), [
    ("Fwd: Rādījumi", f"From: Anna\nDate: 1.11.2026\nSubject: x\n\n{SAID}"), ("FW: x", f"> {SAID}"), ("Pārs.: x", f"No: Anna\nDatums: svētdien\n{SAID}"), ("Пересл: x", f"От: Анна\nДата: 1 ноября\n{SAID}"),
    ("x", f"---------- Forwarded message ---------\nFrom: Anna <a@example.com>\nDate: 25 Nov\n\n{SAID}"), ("x", f"Begin forwarded message:\n> {SAID}"), ("x", f"-------- Пересылаемое сообщение --------\n{SAID}"),
    ("x", f"---- Pārsūtīts ziņojums ----\n{SAID}"), ("x", f"Sveiki\n\n{SAID}"),
])  # fmt: skip
def test_what_is_passed_on_is_read(subject: str, text: str):
    assert propose(own_words(subject, text), FLAT) == {1: "126,5"} and "From" not in own_words(subject, text)


def test_what_may_be_a_number_of_a_customer():
    assert codes("Klienta Nr. 20417, K-100234 un AB123; aukstais 126,5, 88 20417 +37129123456 a@12345.lv") == ["20417", "K-100234", "AB123"]
    assert len(codes(" ".join(f"{number}" for number in range(10_000, 11_000)))) == 20


PIECES = st.lists(st.sampled_from([*"0123456789.,- \n:", "aukstais", "karstais", "хол", "nr ", "dz. ", "virtuve", " 126,5 ", "12345678", "5678", "м3", "25.11.", "iela ", "½", "１", "n", "klients 20417"]), max_size=40).map("".join)


@given(st.one_of(st.text(max_size=300), PIECES), st.text(max_size=30))
def test_it_never_fails_and_says_only_what_is_written(text: str, subject: str):
    said = own_words(subject, text)
    for value in propose(said, LARGE, codes(text)).values():
        assert value in text and value.strip("0123456789., '’\u00a0\u2007\u2008\u2009\u200a\u202f\u205f‘ʼ") == ""


@pytest.mark.parametrize("piece", ["1 ", "1", "a", "aukstais ", "<wrote ", "-", "nr nr ", "iela ", "29 ", "1.", "\n", "a@", "//", "wrote: \n", "bija ", "klienta nr. "])
def test_a_long_text_takes_no_long_time(piece: str):
    text = piece * (LONGEST // len(piece))
    assert propose(own_words("x", text), LARGE) in ({}, {1: "1"}, {2: "1"})
    codes(text)

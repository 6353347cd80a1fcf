"""The words that every translation must use (ux.md §5.5): stems, because Latvian and Russian inflect.

`english` is a regular expression for whole words, its plural is found too. Of two terms at one place the longer
one counts: "building meter" is not looked at again as "meter". In Russian ё and е are the same letter here.
"""

import re
from typing import NamedTuple


class Term(NamedTuple):
    """An English term; a translation contains one of the stems, and none of the forbidden words."""

    english: str
    lv: tuple[str, ...]
    ru: tuple[str, ...]
    forbidden: tuple[str, ...] = ()

    def words(self) -> re.Pattern[str]:
        """Where the term stands in an English text, in singular or plural."""
        return re.compile(rf"\b(?:{self.english})(?:s|es)?\b", re.IGNORECASE)


def t(english: str, lv: str, ru: str, forbidden: str = "") -> Term:
    """A term from stems separated by |."""
    return Term(english, *(tuple(part for part in stems.split("|") if part) for stems in (lv, ru, forbidden)))


TERMS = [
    # people and access
    t("customer code", "klienta kod", "код"),
    t("customer accounts office", "abonentu daļ", "абонентск"),
    t("customer service centre", "klientu apkalpošan", "центр"),
    t("customer", "klient", "клиент"),
    t("subscriber", "abonent", "абонент"),
    t("emergency service", "avārijas dienest", "аварийн"),
    t("flat owner", "dzīvokļa īpašniek|dzīvokļu īpašniek", "собственник"),
    t("owner", "īpašniek", "собственник|владел"),
    t("tenant", "īrniek", "нанимател"),
    t("personal identity number", "personas kod", "персональн"),
    t("power of attorney|powers of attorney", "pilnvar", "доверенност"),
    t("authorised person", "pilnvarot", "уполномоченн"),
    t("authorisation", "pilnvarojum", "полномоч"),
    t("access rights?", "piekļuves tiesīb", "прав"),
    t("invitation|invited?", "uzaicin", "приглас|приглаш"),
    t("revoke", "atsauk", "отозв|отзыв"),
    t("user ?name", "lietotājvārd", "пользовател"),
    t("user", "lietotāj", "пользовател"),
    t("sign(?:ed|ing)? in", "pieslē", "вой|вход|вош"),
    t("sign(?:ed|ing)? out", "izi|izej", "вый|выход|выш"),
    t("remember me", "atcerē", "запомн"),
    t("password", "parol|paroļ", "парол"),
    t("session", "sesij", "сеанс", "сесси"),
    t("internet bank", "internetbank", "интернет-банк"),
    t("identity confirmation", "identitāt", "личност", "verifik"),
    t("activation link", "aktivizācij", "активаци"),
    t("contact details", "kontaktinformācij", "контактн"),
    # property and management
    t("propert(?:y|ies)", "īpašum", "объект|недвижимост"),
    t("property manager", "apsaimniekotāj", "обслуживающ"),
    t("building manager", "pārvaldniek", "управляющ", "apsaimniek"),
    t("property maintenance", "apsaimniekošan", "обслуживани"),
    t("maintenance charge", "apsaimniekošanas maks", "плат"),
    t("building management", "pārvaldīšan", "управлени"),
    t("flat", "dzīvok", "квартир"),
    t("multi-apartment building", "daudzdzīvok", "многоквартирн"),
    t("common property", "kopīpašum", "общ"),
    t("owners[’'] meeting", "kopsapulc|kopsapulč", "собран"),
    t("cost estimate|annual budget", "tām", "смет"),
    t("house file", "mājas liet", "домов"),
    t("repair reserve", "uzkrājum", "накоплен"),
    t("fault", "bojājum", "поврежд"),
    t("planned works?", "plānot", "планов"),
    t("shut-off", "atslēg", "отключ"),
    t("contract", "līgum", "договор"),
    # meters and readings
    t("building meter", "kopēj", "общедомов"),
    t("heat meter", "siltuma skaitītāj", "теплосчетчик"),
    t("meter replacement", "nomaiņ", "замен"),
    t("meter", "skaitītāj", "счетчик"),
    t("reading window|period for submitting readings", "rādījumu nodošan", "период"),
    t("reading", "rādījum", "показани"),
    t("read automatically", "automātiski", "автоматически"),
    t("latest", "pēdēj", "последн"),
    t("submit(?:ted|ting)?", "iesnie", "переда"),
    t("digits? after the decimal point", "aiz komata", "после запятой"),
    t("digits? before the decimal point", "pirms komata", "до запятой"),
    t("consumption", "patēriņ", "расход", "потреблен"),
    t("average", "vidēj", "средн"),
    t("verification|verified|verify", "verific|verifik", "повер", "проверк|провере"),
    t("replacement", "nomaiņ", "замен"),
    t("seal", "plomb", "пломб"),
    t("cold water", "aukst", "холодн"),
    t("hot water", "karst", "горяч"),
    t("kitchen", "virtuv", "кухн"),
    t("bathroom", "vannas", "ванн"),
    t("toilet", "tualet", "туалет"),
    t("chart", "grafik", "график"),
    # invoices and payment
    t("invoice", "rēķin", "счет", "фактур"),
    t("billing period", "norēķinu period", "расчетн"),
    t("pay by", "apmaksāt līdz", "оплатить до"),
    t("amount due", "apmaks", "к оплате"),
    t("balance brought forward", "atlikum", "остат"),
    t("debt", "parād", "долг"),
    t("overpayment", "pārmaks", "переплат"),
    t("late-payment charge", "kavējuma naud", "пен", "штраф"),
    t("overdue", "kavēt", "просроч"),
    t("unpaid", "neapmaks", "не оплач|неоплач"),
    t("paid", "apmaks|samaks", "оплач"),
    t("payment reference", "maksājuma mērķ", "назначени"),
    t("payment", "maksāj|apmaks", "платеж|оплат"),
    t("pay", "maks", "плат|плач"),
    t("payee", "saņēmēj", "получател"),
    t("bank account|account number", "kont", "счет"),
    t("tear-off slip", "pasakn", "корешок|корешк"),
    t("tariff", "tarif", "тариф"),
    t("VAT", "PVN", "НДС"),
    t("service", "pakalpojum", "услуг"),
    t("water supply", "ūdensapgād", "водоснабж"),
    t("sewerage", "kanalizāc", "канализац"),
    t("heating", "apkur", "отоплен"),
    t("waste", "atkritum", "мусор"),
    t("liquefied gas", "sašķidrināt", "сжиженн"),
    t("land lease", "zemes nom", "аренд"),
    t("account statement", "klienta pārskat", "обзор"),
    # communication and system
    t("message", "ziņojum|saziņ", "сообщени", "paziņojum"),
    t("notice", "paziņojum", "уведомлени"),
    t("notification", "paziņojum", "уведомлени"),
    t("conversation", "sarun", "переписк"),
    t("attachment", "pielikum", "вложени"),
    t("reply|replies", "atbild", "ответ"),
    t("reminder", "atgādinājum", "напоминани"),
    t("spam folder", "mēstul", "спам"),
    t("questions and answers", "jautājumi un atbild", "вопросы и ответы"),
    t("profile", "profil", "профил"),
    t("settings", "iestatījum", "настройк", "uzstādījum"),
    t("download", "lejupielād", "скача"),
    t("home", "sākum", "главн"),
    t("send", "sūt", "отправ"),
    t("save", "saglab", "сохран"),
    t("cancel", "atcel", "отмен"),
    t("delete", "dzēs|dzēš", "удал"),
    t("error", "kļūd", "ошиб"),
    t("accessibility", "piekļūstam", "доступност"),
    t("privacy", "privāt", "конфиденциальн"),
    t("cookie", "sīkdat", "cookie"),
    t(
        "terms of use",
        "lietošanas noteikum",
        "условия использовани|условий использовани|условиями использовани",
    ),
    t("working day", "darba dien|darbdien", "рабоч"),
    t("QR code", "QR", "QR"),
    t("IBAN", "IBAN", "IBAN"),
]

# (msgid, English term as above): why the translation of this text does without it.
_SIGNED_OUT = "sign(?:ed|ing)? out"
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("customer service", "service"): "the people who answer customers, not what is supplied",
    ("Payment desk", "payment"): "a desk that takes money has a word of its own: kase, касса",
    ("Signed out", _SIGNED_OUT): "Latvian would have to choose between izgājis and izgājusi",
    ("You have signed out", _SIGNED_OUT): "Latvian would have to choose between izgājis and izgājusi",
}

"""The people of a small wellness marketplace, as the marketplace knows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`preferences` maps a notification type to the switches that this person has changed."""

    user: str
    name: str
    role: str
    email: str | None
    phone: str | None = None
    push_tokens: tuple[str, ...] = ()
    locale: str
    time_zone: str
    preferences: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)

    @property
    def first_name(self) -> str:
        return self.name.split()[0]


# Should somebody ever point the stack at a real Courier account, nobody must be reached: every number is from a
# range that its country keeps free for fiction, and every mailbox is in a reserved domain.
PEOPLE = (
    Person(
        user="anna",
        name="Anna Lindqvist",
        role="Client",
        email="anna.lindqvist@example.com",
        phone="+46701740612",
        push_tokens=("demo-anna-phone",),
        locale="sv-SE",
        time_zone="Europe/Stockholm",
    ),
    Person(
        user="mateo",
        name="Mateo Álvarez",
        role="Client",
        email="mateo.alvarez@example.com",
        push_tokens=("demo-mateo-phone", "demo-mateo-tablet"),
        locale="es-ES",
        time_zone="Europe/Madrid",
        preferences={"review": {"email_enabled": False}, "system": {"email_enabled": False}},
    ),
    Person(
        user="priya",
        name="Priya Raman",
        role="Yoga teacher",
        email="priya.raman@example.com",
        push_tokens=("demo-priya-phone",),
        locale="en-IN",
        time_zone="Asia/Kolkata",
    ),
    Person(
        user="kenji",
        name="Kenji Watanabe",
        role="Shiatsu practitioner",
        email="kenji.watanabe@example.com",
        locale="ja-JP",
        time_zone="Asia/Tokyo",
        preferences={"message": {"push_enabled": False, "sms_enabled": False}},
    ),
    Person(
        user="leila",
        name="Leila Haddad",
        role="Breathwork coach",
        email="leila.haddad@example.com",
        push_tokens=("demo-leila-phone",),
        locale="ar-LB",
        time_zone="Asia/Beirut",
    ),
    Person(
        user="tom",
        name="Tom Okafor",
        role="Client",
        email="tom.okafor@example.com",
        phone="+447700900142",
        locale="en-GB",
        time_zone="Europe/London",
        preferences={"payment": {"sms_enabled": False}, "reminder": {"email_enabled": False}},
    ),
    Person(
        user="marisol",
        name="Marisol Vega",
        role="Massage therapist",
        email="marisol.vega@example.com",
        phone="+12025550143",
        push_tokens=("demo-marisol-phone",),
        locale="es-US",
        time_zone="America/Los_Angeles",
    ),
    Person(
        user="jonas",
        name="Jonas Weber",
        role="Client",
        email="jonas.weber@example.com",
        locale="de-DE",
        time_zone="Europe/Berlin",
        preferences={"booking": {"push_enabled": False}},
    ),
    Person(
        user="amara",
        name="Amara Diallo",
        role="Sound healer",
        email="amara.diallo@example.com",
        phone="+33639980123",
        push_tokens=("demo-amara-phone",),
        locale="fr-FR",
        time_zone="Europe/Paris",
    ),
    Person(
        user="rosa",
        name="Rosa Ferreira",
        role="Client",
        email=None,
        phone="+12025550171",
        push_tokens=("demo-rosa-phone",),
        locale="pt-BR",
        time_zone="America/Sao_Paulo",
    ),
    Person(
        user="wiremu",
        name="Wiremu Parata",
        role="Meditation guide",
        email="wiremu.parata@example.com",
        locale="en-NZ",
        time_zone="Pacific/Auckland",
        preferences={"review": {"email_enabled": False, "push_enabled": False}},
    ),
    Person(
        user="grace",
        name="Grace Njoroge",
        role="Client",
        email="grace.njoroge@example.com",
        phone="+12025550188",
        push_tokens=("demo-grace-phone",),
        locale="en-KE",
        time_zone="Africa/Nairobi",
    ),
)

PEOPLE_BY_USER: Mapping[str, Person] = {person.user: person for person in PEOPLE}

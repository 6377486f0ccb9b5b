"""What these people have booked with each other: the facts behind the sentences in `demo.stories`."""

from dataclasses import dataclass

from demo.people import PEOPLE_BY_USER, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    id: str
    client_user: str
    practitioner_user: str
    service: str
    when: str
    """As it is said: `Tuesday at 18:30`."""
    place: str
    price: str
    note: str
    """What the practitioner wrote before the session."""
    answer: str
    """What the client wrote back."""
    stars: int
    review: str

    @property
    def client(self) -> Person:
        return PEOPLE_BY_USER[self.client_user]

    @property
    def practitioner(self) -> Person:
        return PEOPLE_BY_USER[self.practitioner_user]


BOOKINGS = (
    Booking(
        id="2041",
        client_user="anna",
        practitioner_user="priya",
        service="Slow Vinyasa for stiff backs",
        when="Tuesday at 18:30",
        place="online",
        price="€24",
        note="Please have two books at hand; they make fine blocks. We start lying down.",
        answer="Two thick crime novels are waiting. My back says thank you in advance.",
        stars=5,
        review="I came with a desk back and left two centimetres taller.",
    ),
    Booking(
        id="2042",
        client_user="mateo",
        practitioner_user="marisol",
        service="Deep tissue massage, 60 minutes",
        when="Thursday at 11:00",
        place="Studio Marea, second floor",
        price="$95",
        note="Drink some water beforehand and skip the heavy lunch. Parking is behind the bakery.",
        answer="Perfect. It is mostly the left shoulder, from carrying my daughter.",
        stars=5,
        review="She found the knot before I had finished explaining it.",
    ),
    Booking(
        id="2043",
        client_user="tom",
        practitioner_user="leila",
        service="Breathing before big days",
        when="Wednesday at 07:15",
        place="online",
        price="£30",
        note="Ten quiet minutes the evening before will help. I sent you a short recording.",
        answer="Listened to it twice. The interview is on Friday, so this comes just in time.",
        stars=4,
        review="Calm, practical, no incense. I used it in the lift five minutes before.",
    ),
    Booking(
        id="2044",
        client_user="jonas",
        practitioner_user="kenji",
        service="Shiatsu, first visit",
        when="Monday at 16:00",
        place="Kanda Clinic, room 3",
        price="¥9,800",
        note="Wear something soft with long sleeves, and tell me about the old knee injury when we meet.",
        answer="Will do. It was a ski fall in 2019, mostly healed.",
        stars=5,
        review="Precise and kind. I slept nine hours that night.",
    ),
    Booking(
        id="2045",
        client_user="rosa",
        practitioner_user="amara",
        service="Evening sound bath",
        when="Friday at 20:00",
        place="Chapelle des Lilas",
        price="€35",
        note="The chapel is cool at night, so bring a blanket. Doors open a quarter of an hour before.",
        answer="May I bring my mother? She is seventy-four and curious.",
        stars=5,
        review="My mother cried, laughed, and asked when we go again.",
    ),
    Booking(
        id="2046",
        client_user="grace",
        practitioner_user="wiremu",
        service="Morning meditation for beginners",
        when="Saturday at 06:30",
        place="online",
        price="$18",
        note="No cushion needed; a kitchen chair is perfect. Cameras may stay off.",
        answer="Good, because at that hour my camera would rather stay off.",
        stars=4,
        review="He made twelve minutes of sitting still feel like a small holiday.",
    ),
    Booking(
        id="2047",
        client_user="anna",
        practitioner_user="amara",
        service="Gong and singing bowls, small group",
        when="Sunday at 17:00",
        place="Atelier Bleu",
        price="€28",
        note="We are six this time. If you are sensitive to loud sounds, take the mat by the window.",
        answer="The window mat, please. And thank you for asking.",
        stars=5,
        review="The last bowl rang for a minute and nobody wanted to move.",
    ),
    Booking(
        id="2048",
        client_user="tom",
        practitioner_user="priya",
        service="Yoga for runners",
        when="Thursday at 19:00",
        place="online",
        price="£22",
        note="Come after an easy run if you can: warm hips learn faster.",
        answer="Half marathon in three weeks, so my hips will take all the help there is.",
        stars=5,
        review="First time that I could touch my toes since school.",
    ),
    Booking(
        id="2049",
        client_user="grace",
        practitioner_user="leila",
        service="Breathwork for better sleep",
        when="Monday at 21:00",
        place="online",
        price="$32",
        note="Dim the lights and put the phone on the other side of the room. After you joined, that is.",
        answer="Then I shall borrow my sister's laptop. See you there.",
        stars=5,
        review="Asleep before eleven, three nights in a row.",
    ),
    Booking(
        id="2050",
        client_user="jonas",
        practitioner_user="wiremu",
        service="Walking meditation",
        when="Sunday at 09:00",
        place="Tiergarten, at the rose garden gate",
        price="€20",
        note="Rain is no reason to cancel. Shoes you like are the only equipment.",
        answer="I own exactly one such pair. It is settled.",
        stars=4,
        review="An hour for eight hundred metres, and I saw more than in a year of cycling past.",
    ),
    Booking(
        id="2051",
        client_user="mateo",
        practitioner_user="leila",
        service="Breathing for new parents",
        when="Tuesday at 13:00",
        place="online",
        price="€30",
        note="The baby is welcome. If she sleeps, we whisper; if not, we all hum.",
        answer="She hums already, mostly at three in the morning.",
        stars=5,
        review="The only course where nobody minded the crying, mine included.",
    ),
    Booking(
        id="2052",
        client_user="rosa",
        practitioner_user="marisol",
        service="Prenatal massage",
        when="Wednesday at 10:30",
        place="Studio Marea, ground floor",
        price="$90",
        note="I keep the side-lying cushions ready, and the room a little cooler than usual.",
        answer="Thirty-one weeks now. The cooler, the better!",
        stars=5,
        review="Marisol remembered everything that I had mentioned once, months ago.",
    ),
)

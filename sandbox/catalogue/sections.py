"""The six sections of the catalogue, their subsections and what each is called.

A file of shops carries the slugs; the titles are what a person reads.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Subsection:
    """A shelf of a section; its titles double as the trade in a shop's name."""

    slug: str
    title: str
    title_uk: str
    title_en: str


@dataclass(frozen=True, slots=True)
class Section:
    """One of the programme's six sections, with how many of the sample shops stand in it."""

    slug: str
    title: str
    title_en: str
    shops: int
    subsections: tuple[Subsection, ...]


SECTIONS = (
    Section(
        "online-shops",
        "Интернет-магазины",
        "Online shops",
        260,
        (
            Subsection("electronics", "Электроника", "Електроніка", "Electronics"),
            Subsection("appliances", "Бытовая техника", "Побутова техніка", "Appliances"),
            Subsection("clothing", "Одежда", "Одяг", "Clothing"),
            Subsection("shoes", "Обувь", "Взуття", "Shoes"),
            Subsection("beauty", "Красота", "Краса", "Beauty"),
            Subsection("home-garden", "Дом и сад", "Дім і сад", "Home & Garden"),
            Subsection("kids", "Детские товары", "Дитячі товари", "Kids"),
            Subsection("books", "Книги", "Книги", "Books"),
            Subsection("sport", "Спорт", "Спорт", "Sport"),
            Subsection("pets", "Зоотовары", "Зоотовари", "Pets"),
        ),
    ),
    Section(
        "operator-offers",
        "Предложения оператора",
        "Offers from the operator",
        30,
        (
            Subsection("devices", "Телефоны", "Телефони", "Phones"),
            Subsection("accessories", "Аксессуары", "Аксесуари", "Accessories"),
            Subsection("home-internet", "Домашний интернет", "Домашній інтернет", "Home Internet"),
            Subsection("digital-services", "Цифровые услуги", "Цифрові послуги", "Digital"),
        ),
    ),
    Section(
        "services",
        "Услуги",
        "Services",
        100,
        (
            Subsection("insurance", "Страхование", "Страхування", "Insurance"),
            Subsection("delivery", "Доставка", "Доставка", "Delivery"),
            Subsection("education", "Обучение", "Навчання", "Courses"),
            Subsection("repairs", "Ремонт", "Ремонт", "Repairs"),
            Subsection("health", "Клиника", "Клініка", "Clinic"),
            Subsection("photo-print", "Фотопечать", "Фотодрук", "Photo Print"),
        ),
    ),
    Section(
        "leisure",
        "Досуг и развлечения",
        "Leisure and entertainment",
        90,
        (
            Subsection("restaurants", "Ресторан", "Ресторан", "Restaurant"),
            Subsection("cinema", "Кинотеатр", "Кінотеатр", "Cinema"),
            Subsection("games", "Игры", "Ігри", "Games"),
            Subsection("concerts", "Билеты", "Квитки", "Tickets"),
            Subsection("hobbies", "Хобби", "Хобі", "Hobby"),
        ),
    ),
    Section(
        "travel",
        "Путешествия",
        "Travel",
        70,
        (
            Subsection("hotels", "Отели", "Готелі", "Hotels"),
            Subsection("flights", "Авиабилеты", "Авіаквитки", "Flights"),
            Subsection("tours", "Туры", "Тури", "Tours"),
            Subsection("car-rental", "Прокат авто", "Прокат авто", "Car Rental"),
            Subsection("luggage", "Чемоданы", "Валізи", "Luggage"),
        ),
    ),
    Section(
        "retail",
        "Розничные магазины",
        "Retail shops",
        110,
        (
            Subsection("groceries", "Продукты", "Продукти", "Groceries"),
            Subsection("pharmacies", "Аптека", "Аптека", "Pharmacy"),
            Subsection("household", "Хозтовары", "Госптовари", "Household"),
            Subsection("flowers", "Цветы", "Квіти", "Flowers"),
            Subsection("jewellery", "Украшения", "Прикраси", "Jewellery"),
            Subsection("building", "Стройматериалы", "Будматеріали", "Building"),
        ),
    ),
)

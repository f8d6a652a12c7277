"""What sections and subsections are called in the three languages. Pure.

A shop's subsection is free text: one that is not named here is shown as it is.
"""

from collections.abc import Mapping

from partners.shops.rules import Section
from tracker.members.rules import Language

Titles = Mapping[Language, str]


def _titles(russian: str, ukrainian: str, english: str) -> Titles:
    return {Language.RU: russian, Language.UK: ukrainian, Language.EN: english}


SECTIONS: Mapping[Section, Titles] = {
    Section.ONLINE_SHOPS: _titles("Интернет-магазины", "Інтернет-магазини", "Online shops"),
    Section.OPERATOR_OFFERS: _titles(
        "Предложения оператора", "Пропозиції оператора", "Offers from the operator"
    ),
    Section.SERVICES: _titles("Услуги", "Послуги", "Services"),
    Section.LEISURE: _titles(
        "Досуг и развлечения", "Дозвілля та розваги", "Leisure and entertainment"
    ),
    Section.TRAVEL: _titles("Путешествия", "Подорожі", "Travel"),
    Section.RETAIL: _titles("Розничные магазины", "Роздрібні магазини", "Retail shops"),
}
"""In the order in which they are shown."""

_SUBSECTIONS: Mapping[str, Titles] = {
    "electronics": _titles("Электроника", "Електроніка", "Electronics"),
    "appliances": _titles("Бытовая техника", "Побутова техніка", "Appliances"),
    "clothing": _titles("Одежда", "Одяг", "Clothing"),
    "shoes": _titles("Обувь", "Взуття", "Shoes"),
    "beauty": _titles("Красота", "Краса", "Beauty"),
    "home-garden": _titles("Дом и сад", "Дім і сад", "Home and garden"),
    "kids": _titles("Детские товары", "Дитячі товари", "For children"),
    "books": _titles("Книги", "Книги", "Books"),
    "sport": _titles("Спорт", "Спорт", "Sport"),
    "pets": _titles("Зоотовары", "Зоотовари", "Pets"),
    "devices": _titles("Телефоны", "Телефони", "Phones"),
    "accessories": _titles("Аксессуары", "Аксесуари", "Accessories"),
    "home-internet": _titles("Домашний интернет", "Домашній інтернет", "Home internet"),
    "digital-services": _titles("Цифровые услуги", "Цифрові послуги", "Digital services"),
    "insurance": _titles("Страхование", "Страхування", "Insurance"),
    "delivery": _titles("Доставка", "Доставка", "Delivery"),
    "education": _titles("Обучение", "Навчання", "Education"),
    "repairs": _titles("Ремонт", "Ремонт", "Repairs"),
    "health": _titles("Здоровье", "Здоров’я", "Health"),
    "photo-print": _titles("Фотопечать", "Фотодрук", "Photo printing"),
    "restaurants": _titles("Рестораны", "Ресторани", "Restaurants"),
    "cinema": _titles("Кинотеатры", "Кінотеатри", "Cinemas"),
    "games": _titles("Игры", "Ігри", "Games"),
    "concerts": _titles("Концерты", "Концерти", "Concerts"),
    "hobbies": _titles("Хобби", "Хобі", "Hobbies"),
    "hotels": _titles("Отели", "Готелі", "Hotels"),
    "flights": _titles("Авиабилеты", "Авіаквитки", "Flights"),
    "tours": _titles("Туры", "Тури", "Tours"),
    "car-rental": _titles("Прокат автомобилей", "Прокат автомобілів", "Car rental"),
    "luggage": _titles("Чемоданы", "Валізи", "Luggage"),
    "groceries": _titles("Продукты", "Продукти", "Groceries"),
    "pharmacies": _titles("Аптеки", "Аптеки", "Pharmacies"),
    "household": _titles("Хозтовары", "Госптовари", "Household goods"),
    "flowers": _titles("Цветы", "Квіти", "Flowers"),
    "jewellery": _titles("Украшения", "Прикраси", "Jewellery"),
    "building": _titles("Стройматериалы", "Будматеріали", "Building materials"),
}


def subsection_titles(subsection: str) -> Titles:
    """What a subsection is called; itself where it has no other name."""
    return _SUBSECTIONS.get(subsection) or dict.fromkeys(Language, subsection)

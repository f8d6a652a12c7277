"""A folder for registries, and an operator who writes whole files into it, or others."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from tracker.gateways.registry import FOLDERS, RegistryBilling
from tracker.kit.money import format_rubles, parse_rubles
from tracker.settlement.ports import TopUp

ACKNOWLEDGED = "key,status,amount,reference,reason,at"
STATED = "key,phone,amount,reference,at"
AT = "2011-01-01T00:00:05+03:00"


def folder(root: Path) -> Path:
    """The four folders, as the page has them made."""
    for name in FOLDERS:
        (root / name).mkdir(mode=0o750, parents=True)
    return root


def billing(root: Path, patience: float = 5) -> RegistryBilling:
    """One worker's."""
    return RegistryBilling(root, patience)


def to(number: int, amount: int = 15_000, phone: str = "+79000000001") -> TopUp:
    """A top-up."""
    return TopUp(f"payout:{number}", phone, amount)


def whole(header: str, lines: Sequence[str], total: int) -> bytes:
    """A file with a trailer that adds up."""
    body = "".join(f"{line}\n" for line in (header, *lines)).encode()
    digest = hashlib.sha256(body).hexdigest()
    return body + f"END,{len(lines)},{format_rubles(total)},{digest}\n".encode()


def paid(one: TopUp, reference: str = "") -> str:
    """A line that says so."""
    named = reference or f"R{one.key}"
    return f"{one.key},paid,{format_rubles(one.amount)},{named},,{AT}"


def failed(one: TopUp, reason: str = "number_closed") -> str:
    """A line that says so."""
    return f"{one.key},failed,{format_rubles(one.amount)},,{reason},"


def acknowledge(root: Path, name: str, lines: Sequence[str], total: int) -> Path:
    """The operator puts an acknowledgement there, as it should."""
    part = root / "in" / f"{name}.part"
    part.write_bytes(whole(ACKNOWLEDGED, lines, total))
    return part.rename(root / "in" / name)


def names(path: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(one.name for one in path.iterdir())


class FolderOperator:
    """An operator that pays what lies in ``out/``: each key once, and test numbers never."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.books: dict[str, str] = {}
        """The line of the acknowledgement for each key, for good."""
        self._stated: dict[str, str] = {}
        self._total = 0

    def work(self) -> None:
        """Take away all registries, pay, and answer; then draw up the day's statement."""
        for registry in sorted((self._root / "out").glob("topups-*.csv")):
            rows = [line.split(",") for line in registry.read_text().splitlines()[1:-1]]
            batch = [TopUp(key, phone, parse_rubles(amount)) for key, phone, amount in rows]
            for one in batch:
                self._pay(one)
            total = sum(one.amount for one in batch)
            name = f"ack-{registry.stem}.csv"
            acknowledge(self._root, name, [self.books[one.key] for one in batch], total)
            registry.unlink()
        lines = [line for _, line in sorted(self._stated.items())]
        statement = self._root / "in" / "statement-2011-01-01.csv"
        statement.write_bytes(whole(STATED, lines, self._total))

    def _pay(self, one: TopUp) -> None:
        if one.key in self.books:
            return
        if one.phone.startswith("+7999000"):
            self.books[one.key] = failed(one, "number_not_served")
            return
        self.books[one.key] = paid(one)
        amount = format_rubles(one.amount)
        self._stated[one.key] = f"{one.key},{one.phone},{amount},R{one.key},{AT}"
        self._total += one.amount

"""``python -m sandbox.catalogue``: writes the sample catalogue anew."""

import click

from sandbox.catalogue import SHOPS_CSV
from sandbox.catalogue.shelves import sample_shops
from sandbox.catalogue.shop_rows import csv_text


@click.command()
def main() -> None:
    """Write the sample catalogue beside this module."""
    shops = sample_shops()
    SHOPS_CSV.write_text(csv_text(shops), encoding="utf-8", newline="\n")
    click.echo(f"{len(shops)} shops in {SHOPS_CSV}")


if __name__ == "__main__":
    main()

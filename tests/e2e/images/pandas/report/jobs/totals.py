from importlib.resources import files

import pandas


def main() -> str:
    with (files("report") / "data" / "sales.csv").open() as table:
        sales = pandas.read_csv(table, parse_dates=["day"])
    totals = sales.groupby("item")["price"].sum()
    return ", ".join(f"{item} {price}" for item, price in totals.items())

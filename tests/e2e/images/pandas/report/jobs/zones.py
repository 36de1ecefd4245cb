import pandas


def main() -> str:
    days = pandas.date_range("2024-07-01", periods=2, freq="D", tz="UTC")
    return str(days.tz_convert("America/St_Johns")[0])

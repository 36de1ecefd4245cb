import pandas


def main() -> str:
    frame = pandas.DataFrame({"item": ["kettle"], "price": [1.5]})
    codes = [frame.item[0].encode(name).hex()[:4] for name in ("cp037", "utf-16-le", "shift_jis")]
    return f"{frame.to_json(orient='records')} {' '.join(codes)} {frame.describe().shape}"

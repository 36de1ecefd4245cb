import io

import pandas


def main() -> str:
    file = io.BytesIO()
    pandas.DataFrame({"item": ["kettle"], "price": [30]}).to_excel(file, index=False)
    file.seek(0)
    return str(pandas.read_excel(file)["price"].sum())

import io

from PIL import Image, ImageDraw, ImageFont


def main() -> str:
    picture = Image.new("RGB", (60, 20), "white")
    ImageDraw.Draw(picture).text((2, 2), "shop", fill="black", font=ImageFont.load_default(12))
    formats = []
    for kind in ("PNG", "JPEG", "WEBP", "TIFF"):
        file = io.BytesIO()
        picture.save(file, kind)
        formats.append(str(Image.open(io.BytesIO(file.getvalue())).format))
    return " ".join(formats)

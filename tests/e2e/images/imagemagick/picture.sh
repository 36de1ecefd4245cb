#!/bin/sh
# picture FORMAT or picture text|svg|formats|effects: make something in /tmp and say what it is.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

tell() {
    identify -format '%m %wx%h %[colorspace]\n' "$1"
}

case "${1:-}" in
    png | jpeg | webp | gif | tiff | bmp)
        convert rose: -resize 35x23! "$folder/rose.$1"
        tell "$folder/rose.$1"
        ;;
    text)
        convert -background white -font DejaVu-Sans -pointsize 24 label:kettle "$folder/label.png"
        identify -format '%[fx:mean<1&&w>40?1:0] inked\n' "$folder/label.png"
        ;;
    svg)
        convert kettle.svg -resize 50x "$folder/kettle.png"
        tell "$folder/kettle.png"
        ;;
    formats) convert -list format | awk '$1 ~ /^(JPEG|PNG|WEBP|SVG|TIFF)\*?$/ { print $1 }' ;;
    effects)
        convert rose: -sepia-tone 80% -blur 0x2 -bordercolor red -border 3 "$folder/old.png"
        tell "$folder/old.png"
        ;;
    *)
        echo "picture: cannot make ${1:-nothing}" >&2
        exit 64
        ;;
esac

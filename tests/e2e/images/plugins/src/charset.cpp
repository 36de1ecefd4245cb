#include <iconv.h>

#include <cstdio>
#include <string>

static std::string text;

static std::string turned(const char *charset, std::string from) {
    iconv_t way = iconv_open(charset, "UTF-8");
    if (way == reinterpret_cast<iconv_t>(-1)) return "no";
    char out[16];
    char *in = from.data(), *end = out;
    size_t left = from.size(), room = sizeof out;
    iconv(way, &in, &left, &end, &room);
    iconv_close(way);
    std::string hexadecimal;
    for (char *at = out; at < end; at++) {
        char digits[3];
        std::snprintf(digits, sizeof digits, "%02x", static_cast<unsigned char>(*at));
        hexadecimal += digits;
    }
    return hexadecimal;
}

extern "C" const char *answer() {
    text = turned("EUC-JP", "\u30b7") + " " + turned("KOI8-R", "\u0436") + " " + turned("CP1250", "\u0159");
    return text.c_str();
}

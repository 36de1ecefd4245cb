#include <zlib.h>

#include <string>

static std::string text;

extern "C" const char *answer() {
    text = std::to_string(crc32(0, reinterpret_cast<const Bytef *>("kettle"), 6) % 1000000) + " " + zlibVersion();
    return text.c_str();
}

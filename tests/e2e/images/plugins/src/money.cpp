#include <ctime>
#include <iomanip>
#include <locale>
#include <sstream>
#include <string>

static std::string text;

extern "C" const char *answer() {
    std::ostringstream out;
    out.imbue(std::locale("de_DE.UTF-8"));
    out << std::fixed << std::setprecision(2) << 1234.5 << " ";
    std::tm day{};
    day.tm_year = 124, day.tm_mon = 6, day.tm_mday = 1, day.tm_wday = 1;
    out.imbue(std::locale("fr_FR.UTF-8"));
    out << std::put_time(&day, "%A %B");
    text = out.str();
    return text.c_str();
}

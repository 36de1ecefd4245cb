#include <netdb.h>
#include <pwd.h>

#include <string>

static std::string text;

extern "C" const char *answer() {
    const passwd *user = getpwnam("www-data");
    const servent *service = getservbyname("https", "tcp");
    addrinfo *address = nullptr;
    const bool found = getaddrinfo("localhost", "80", nullptr, &address) == 0;
    if (address) freeaddrinfo(address);
    text = std::string(user ? user->pw_dir : "nobody") + " " + (service ? service->s_name : "no service") +
           (found ? " found" : " lost");
    return text.c_str();
}

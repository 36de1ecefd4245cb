// shop NAME: open $SHOP_PLUGINS/libNAME.so and print what its function `answer` gives.
#include <dlfcn.h>

#include <cstdlib>
#include <iostream>
#include <string>

int main(int count, char **words) {
    const std::string name = count > 1 ? words[1] : "help";
    if (name == "help") {
        std::cout << "shop: hello from C++\n";
        return 0;
    }
    const char *folder = std::getenv("SHOP_PLUGINS");
    const std::string path = std::string(folder ? folder : "/usr/local/lib/shop") + "/lib" + name + ".so";
    void *plugin = dlopen(path.c_str(), RTLD_NOW);
    if (!plugin) {
        std::cerr << "shop: " << dlerror() << "\n";
        return 3;
    }
    using Answer = const char *(*)();
    auto answer = reinterpret_cast<Answer>(dlsym(plugin, "answer"));
    std::cout << name << ": " << answer() << "\n";
}

/* The one program in the sample images, for Linux on x86_64: no libc, no headers, a few KB static.
 *
 * It acts by the name it is called by (or, called as "busybox", by its first argument):
 *   server  answer HTTP on $HOST:$PORT (0.0.0.0:80 if unset) until SIGTERM
 *   health  exit 0 if a GET on 127.0.0.1:$PORT is answered with 200, else 1
 *   echo    print the arguments
 *   any other name: print that it is a stand-in, and the name
 */

typedef unsigned long word;
typedef unsigned short u16;
typedef unsigned int u32;

enum { READ, WRITE, OPEN, CLOSE, SIGACTION = 13, SOCKET = 41, CONNECT, ACCEPT, BIND = 49, LISTEN,
       SETSOCKOPT = 54, EXIT = 60 };

struct address { u16 family, port; u32 host; char zero[8]; };
struct action { void (*handler)(int); word flags; void (*restorer)(void); word mask; };

static long call(word number, word a, word b, word c, word d, word e) {
    long result;
    register word r10 __asm__("r10") = d;
    register word r8 __asm__("r8") = e;
    __asm__ volatile("syscall" : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return result;
}

static word length(const char *s) { word n = 0; while (s[n]) n++; return n; }

static int same(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}

static void put(long file, const char *s) { call(WRITE, file, (word)s, length(s), 0, 0); }

static void leave(int code) { for (;;) call(EXIT, code, 0, 0, 0, 0); }

static void on_term(int number) { (void)number; leave(0); }

static const char *variable(char **environment, const char *name, const char *otherwise) {
    word n = length(name);
    for (; *environment; environment++) {
        const char *entry = *environment;
        word i = 0;
        while (i < n && entry[i] == name[i]) i++;
        if (i == n && entry[n] == '=') return entry + n + 1;
    }
    return otherwise;
}

static u16 port_number(const char *s) {
    u32 value = 0;
    while (*s >= '0' && *s <= '9') value = value * 10 + (*s++ - '0');
    return (u16)(value << 8 | (value >> 8 & 255));
}

static struct address endpoint(char **environment, const char *host) {
    struct address where = {2, port_number(variable(environment, "PORT", "80")), 0, {0}};
    if (same(host, "127.0.0.1")) where.host = 0x0100007f;
    return where;
}

static int starts(const char *text, const char *with) {
    while (*with) if (*text++ != *with++) return 0;
    return 1;
}

static void answer(long peer) {
    static char request[4096], file[16384];
    long n = call(READ, peer, (word)request, sizeof request - 1, 0, 0);
    if (n <= 0) return;
    request[n] = 0;
    if (starts(request, "GET /catalogue ")) {
        long from = call(OPEN, (word) "/srv/app/data/catalogue.json", 0, 0, 0, 0);
        n = from < 0 ? -1 : call(READ, from, (word)file, sizeof file - 1, 0, 0);
        if (from >= 0) call(CLOSE, from, 0, 0, 0, 0);
        if (n >= 0) {
            file[n] = 0;
            put(peer, "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n");
            put(peer, file);
            return;
        }
    } else if (starts(request, "GET / ") || starts(request, "GET /health ")) {
        put(peer, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello from slim's sample\n");
        return;
    }
    put(peer, "HTTP/1.0 404 Not Found\r\nContent-Type: text/plain\r\n\r\nnot found\n");
}

static int server(char **environment) {
    struct address where = endpoint(environment, variable(environment, "HOST", "0.0.0.0"));
    struct action term = {on_term, 0x04000000, 0, 0}; /* SA_RESTORER: x86_64 insists on it */
    int on = 1;
    long listener = call(SOCKET, 2, 1, 0, 0, 0);
    call(SIGACTION, 15, (word)&term, 0, 8, 0);
    call(SETSOCKOPT, listener, 1, 2, (word)&on, sizeof on);
    if (call(BIND, listener, (word)&where, sizeof where, 0, 0) || call(LISTEN, listener, 64, 0, 0, 0)) {
        put(2, "server: cannot listen\n");
        return 1;
    }
    put(1, "server: listening\n");
    for (;;) {
        long peer = call(ACCEPT, listener, 0, 0, 0, 0);
        if (peer < 0) continue;
        answer(peer);
        call(CLOSE, peer, 0, 0, 0, 0);
    }
}

static int health(char **environment) {
    static char reply[16];
    struct address where = endpoint(environment, "127.0.0.1");
    long peer = call(SOCKET, 2, 1, 0, 0, 0);
    if (call(CONNECT, peer, (word)&where, sizeof where, 0, 0)) return 1;
    put(peer, "GET /health HTTP/1.0\r\n\r\n");
    if (call(READ, peer, (word)reply, sizeof reply - 1, 0, 0) < 12) return 1;
    return !starts(reply, "HTTP/1.0 200");
}

static const char *base_name(const char *path) {
    const char *name = path;
    for (; *path; path++) if (*path == '/') name = path + 1;
    return name;
}

static int act(long count, char **words, char **environment) {
    const char *name = base_name(words[0]);
    if (same(name, "busybox") && count > 1) return act(count - 1, words + 1, environment);
    if (same(name, "server") && count > 1 && same(words[1], "health")) return health(environment);
    if (same(name, "server")) return server(environment);
    if (same(name, "health")) return health(environment);
    if (same(name, "echo")) {
        for (long i = 1; i < count; i++) {
            put(1, words[i]);
            put(1, i + 1 < count ? " " : "");
        }
        put(1, "\n");
        return 0;
    }
    put(1, "stand-in for ");
    put(1, name);
    put(1, "\n");
    return 0;
}

void begin(word *stack) {
    long count = (long)stack[0];
    char **words = (char **)(stack + 1);
    leave(act(count, words, words + count + 1));
}

__asm__(".globl _start\n_start:\n xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");

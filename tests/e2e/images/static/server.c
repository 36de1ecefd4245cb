/* An HTTP server of one page, read from a file on each request. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const GREETING = "/usr/local/share/server/greeting.txt";

static void leave(int number) {
    (void)number;
    _exit(0);
}

static void answer(FILE *peer) {
    char line[1024], body[1024];
    if (fgets(line, sizeof line, peer) == NULL) return;
    FILE *file = strncmp(line, "GET / ", 6) == 0 ? fopen(GREETING, "r") : NULL;
    size_t size = file ? fread(body, 1, sizeof body, file) : 0;
    if (file) fclose(file);
    while (fgets(line, sizeof line, peer) != NULL && line[0] != '\r') {
    }
    fseek(peer, 0, SEEK_CUR);
    fprintf(peer, "HTTP/1.0 %s\r\nContent-Length: %zu\r\n\r\n", file ? "200 OK" : "404 Not Found", size);
    fwrite(body, 1, size, peer);
}

int main(void) {
    const char *host = getenv("HOST"), *port = getenv("PORT");
    struct sockaddr_in where = {.sin_family = AF_INET};
    int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    where.sin_port = htons((unsigned short)atoi(port ? port : "8080"));
    inet_aton(host ? host : "0.0.0.0", &where.sin_addr);
    signal(SIGTERM, leave);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&where, sizeof where) || listen(listener, 64)) {
        perror("server");
        return 1;
    }
    puts("listening");
    fflush(stdout);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        FILE *peer = connection < 0 ? NULL : fdopen(connection, "r+");
        if (peer == NULL) continue;
        answer(peer);
        fclose(peer);
    }
}

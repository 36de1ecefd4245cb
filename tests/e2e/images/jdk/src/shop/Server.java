package shop;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Executors;

/** Answers GET on a few paths; each page is made when it is asked for. */
public final class Server {
    private interface Page {
        String make() throws Exception;
    }

    private static final Map<String, Page> PAGES =
            Map.of(
                    "/", Pages::index,
                    "/charset", Pages::charset,
                    "/digest", Pages::digest,
                    "/tls", Pages::tls);

    private Server() {}

    public static void main(String[] arguments) throws IOException {
        String host = System.getenv().getOrDefault("HOST", "0.0.0.0");
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8080"));
        HttpServer server = HttpServer.create(new InetSocketAddress(host, port), 0);
        server.createContext("/", Server::answer);
        server.setExecutor(Executors.newFixedThreadPool(4));
        server.start();
        System.out.println("listening on " + host + ":" + port);
    }

    private static void answer(HttpExchange exchange) throws IOException {
        Page page = PAGES.get(exchange.getRequestURI().getPath());
        int status = page == null ? 404 : 200;
        String text = "not found\n";
        if (page != null) {
            try {
                text = page.make();
            } catch (Exception | LinkageError error) {
                status = 500;
                text = error + "\n";
            }
        }
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
        exchange.sendResponseHeaders(status, body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }
}

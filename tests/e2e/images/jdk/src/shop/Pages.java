package shop;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.interfaces.ECPublicKey;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.HexFormat;
import java.util.ResourceBundle;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** The pages: each needs parts of the runtime that the start of the server does not touch. */
final class Pages {
    private Pages() {}

    static String index() {
        return ResourceBundle.getBundle("shop.messages").getString("greeting") + "\n";
    }

    static String charset() {
        Charset japanese = Charset.forName("Shift_JIS");
        return japanese.name() + ": " + "\u65e5\u672c\u8a9e".getBytes(japanese).length + " bytes\n";
    }

    static String digest() throws Exception {
        ByteArrayOutputStream zipped = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
            out.write(new byte[1000]);
        }
        byte[] content;
        try (GZIPInputStream in =
                new GZIPInputStream(new ByteArrayInputStream(zipped.toByteArray()))) {
            content = in.readAllBytes();
        }
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
        ZoneId zone = ZoneId.of("Europe/Lisbon");
        return String.format(
                "sha-256 %s, unzipped %d bytes, %s %s\n",
                HexFormat.of().formatHex(hash),
                content.length,
                zone,
                LocalDate.of(2024, 1, 1).atStartOfDay(zone).getOffset());
    }

    static String tls() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        ECPublicKey key = (ECPublicKey) generator.generateKeyPair().getPublic();
        TrustManagerFactory trust =
                TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init((KeyStore) null);
        X509TrustManager manager = (X509TrustManager) trust.getTrustManagers()[0];
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(null, null, null);
        return String.format(
                "%s, EC key of %d bits, %d trusted\n",
                context.getSupportedSSLParameters().getProtocols()[0],
                key.getParams().getOrder().bitLength(),
                manager.getAcceptedIssuers().length);
    }
}

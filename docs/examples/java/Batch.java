import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Iterator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** java Batch.java PURPOSE DATASET < subjects.txt : each line as it comes; one that ends without a summary was cut off. */
public class Batch {
    /** Mutual TLS: the bundle is ours, `ca` is whom we believe about the gateway. */
    static SSLContext tls(Path bundle, Path passwordFile, Path ca) throws IOException, GeneralSecurityException {
        char[] password = Files.readString(passwordFile).strip().toCharArray();
        KeyStore own = KeyStore.getInstance("PKCS12");
        try (var in = Files.newInputStream(bundle)) {
            own.load(in, password);
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(own, password);
        KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
        trusted.load(null, null);
        try (var in = Files.newInputStream(ca)) {
            int n = 0;
            for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) trusted.setCertificateEntry("ca" + n++, certificate);
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    static String set(String name) {
        String value = System.getenv(name);
        if (value == null || value.isEmpty()) throw new IllegalArgumentException("set " + name + "; see README.md");
        return value;
    }

    /** A JSON string. */
    static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') out.append('\\').append(c);
            else if (c < ' ') out.append(String.format("\\u%04x", (int) c));
            else out.append(c);
        }
        return out.append('"').toString();
    }

    /** A text member of a flat JSON object: enough for a problem's `code`; a real program has a JSON library. */
    static String member(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"\\\\]*)\"").matcher(json);
        return found.find() ? found.group(1) : "unknown";
    }

    public static void main(String[] args) throws Exception {
        if (args.length != 2) {
            System.err.println("java Batch.java PURPOSE DATASET < subjects.txt");
            System.exit(2);
        }
        URI api;
        HttpClient client;
        try {
            api = URI.create(set("API"));
            if (!"https".equals(api.getScheme()) || api.getHost() == null) throw new IllegalArgumentException("API is an address like https://gateway.example:8443");
            client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(10))
                .sslContext(tls(Path.of(set("BUNDLE")), Path.of(set("BUNDLE_PASSWORD_FILE")), Path.of(set("CA"))))
                .build();
        } catch (IllegalArgumentException | IOException | GeneralSecurityException unusable) {
            // a file that is not there, a bundle or certificate that is none, another password
            System.err.println("could not ask: " + unusable.toString().lines().findFirst().orElse(""));
            System.exit(2);
            return;
        }
        String subjects = new String(System.in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8).lines().map(String::strip).filter(line -> !line.isEmpty()).map(Batch::quoted).collect(Collectors.joining(","));
        String body = "{\"purpose\":" + quoted(args[0]) + ",\"subjects\":[" + subjects + "],\"datasets\":[{\"id\":" + quoted(args[1]) + "}]}";
        HttpRequest request = HttpRequest.newBuilder(api.resolve("/v1/query/batch"))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        boolean whole = false;
        try {
            var answer = client.send(request, BodyHandlers.ofLines());
            try (Stream<String> lines = answer.body()) {
                if (answer.statusCode() != 200) {
                    String problem = lines.collect(Collectors.joining());
                    System.err.println("refused: " + member(problem, "code") + " (" + answer.statusCode() + "), request " + member(problem, "requestId"));
                    System.exit(1);
                }
                for (Iterator<String> each = lines.iterator(); each.hasNext(); ) {
                    String line = each.next();
                    if (line.startsWith("{\"subject\":")) System.out.println(line);
                    else if (line.startsWith("{\"problem\":")) {
                        System.err.println("ended early: " + member(line, "code"));
                        System.exit(1);
                    } else if (line.startsWith("{\"summary\":")) whole = true;
                }
            }
        } catch (IOException | java.io.UncheckedIOException failed) {
            System.err.println("no answer: " + failed.toString().lines().findFirst().orElse(""));
            System.exit(2);
        }
        if (!whole) {
            System.err.println("cut off: ask again for what is missing");
            System.exit(2);
        }
    }
}

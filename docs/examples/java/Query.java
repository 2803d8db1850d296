import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** java Query.java SUBJECT PURPOSE DATASET… : the answer on stdout, byte for byte as it came, so that its receipt can be verified. */
public class Query {
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

    /** Asks again what may be answered later: 429 and 503, no sooner than `Retry-After` says. For questions: they may be asked twice. */
    static HttpResponse<String> asked(HttpClient client, HttpRequest request) throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
            boolean later = answer.statusCode() == 429 || answer.statusCode() == 503;
            if (!later || attempt == 4) return answer;
            long seconds = answer.headers().firstValue("retry-after").map(Long::parseLong).orElse(0L);
            if (seconds > 30) return answer;
            Thread.sleep(Math.max(seconds * 1000, 250L << attempt));
        }
    }

    public static void main(String[] args) throws Exception {
        if (args.length < 3) {
            System.err.println("java Query.java SUBJECT PURPOSE DATASET…");
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
        String datasets = Arrays.stream(args).skip(2).map(id -> "{\"id\":" + quoted(id) + "}").collect(Collectors.joining(","));
        String body = "{\"purpose\":" + quoted(args[1]) + ",\"subject\":" + quoted(args[0]) + ",\"datasets\":[" + datasets + "]}";
        HttpRequest request = HttpRequest.newBuilder(api.resolve("/v1/query"))
            .timeout(Duration.ofSeconds(30))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        HttpResponse<String> answer;
        try {
            answer = asked(client, request);
        } catch (IOException failed) {
            System.err.println("no answer: " + failed.toString().lines().findFirst().orElse(""));
            System.exit(2);
            return;
        }
        if (answer.statusCode() != 200) {
            System.err.println("refused: " + member(answer.body(), "code") + " (" + answer.statusCode() + "), request " + member(answer.body(), "requestId"));
            System.exit(1);
        }
        System.out.write(answer.body().getBytes(java.nio.charset.StandardCharsets.UTF_8));
        System.out.flush();
    }
}

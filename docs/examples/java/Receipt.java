import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * java Receipt.java answer.json VKEY : whether a replica, whose vkey this is, promised under its signature to bring the entry of this very answer into
 * the audit log. Needs no connection. The receipt is the last member of an answer; its format is that of docs/log.md.
 */
public class Receipt {
    static byte[] sha256(byte[]... parts) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        for (byte[] part : parts) digest.update(part);
        return digest.digest();
    }

    static String text(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"\\\\]*)\"").matcher(json);
        if (!found.find()) throw new IllegalArgumentException("the receipt has no " + name);
        return found.group(1);
    }

    static long number(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":(\\d+)").matcher(json);
        if (!found.find()) throw new IllegalArgumentException("the receipt has no " + name);
        return Long.parseLong(found.group(1));
    }

    /** RFC 9162, section 2.1.3.2. */
    static byte[] rootOf(long index, long size, byte[] leaf, List<byte[]> path) throws Exception {
        long at = index;
        long last = size - 1;
        byte[] node = leaf;
        for (byte[] sibling : path) {
            if (last == 0) throw new IllegalArgumentException("the path is too long");
            if (at % 2 == 1 || at == last) {
                node = sha256(new byte[] {1}, sibling, node);
                while (at % 2 == 0 && at != 0) {
                    at >>= 1;
                    last >>= 1;
                }
            } else node = sha256(new byte[] {1}, node, sibling);
            at >>= 1;
            last >>= 1;
        }
        if (last != 0) throw new IllegalArgumentException("the path is too short");
        return node;
    }

    /** @param digest of the answer without its receipt */
    static void verify(String receipt, byte[] digest, String vkey) throws Exception {
        String[] parts = vkey.strip().split("\\+", 3);
        byte[] key = Base64.getDecoder().decode(parts[2]);
        byte[] id = Arrays.copyOf(sha256((parts[0] + "\n").getBytes(StandardCharsets.UTF_8), key), 4);
        if (key[0] != 1 || !HexFormat.of().formatHex(id).equals(parts[1])) throw new IllegalArgumentException("the vkey is not one of a replica");

        List<byte[]> path = new ArrayList<>();
        Matcher list = Pattern.compile("\"path\":\\[([^\\]]*)\\]").matcher(receipt);
        if (list.find() && !list.group(1).isEmpty()) for (String one : list.group(1).replace("\"", "").split(",")) path.add(Base64.getDecoder().decode(one));
        long first = number(receipt, "first");
        long count = number(receipt, "count");
        long index = number(receipt, "seq") - first;
        if (index < 0 || index >= count) throw new IllegalArgumentException("the entry is outside its group");
        if (number(receipt, "version") != 2) throw new IllegalArgumentException("another version than 2");
        if (!text(receipt, "bodySha256").equals(Base64.getUrlEncoder().withoutPadding().encodeToString(digest))) throw new IllegalArgumentException("it is the promise of another answer");
        byte[] leaf = sha256(new byte[] {0}, Base64.getDecoder().decode(text(receipt, "leaf")), digest);
        if (!Arrays.equals(rootOf(index, count, leaf, path), Base64.getDecoder().decode(text(receipt, "answers")))) throw new IllegalArgumentException("the path does not lead to the root");

        byte[] signed = Base64.getDecoder().decode(text(receipt, "signature"));
        if (!text(receipt, "key").equals(parts[0]) || !Arrays.equals(Arrays.copyOf(signed, 4), id)) throw new IllegalArgumentException("another key signed it");
        String group = "yitong-journal-group/v2 ed25519 sha256\n" + text(receipt, "journal") + "\n" + first + " " + count + "\n" + text(receipt, "root") + "\n" + text(receipt, "answers") + "\n" + text(receipt, "mergeBy") + "\n";
        // SubjectPublicKeyInfo of RFC 8410 in front of the 32 bytes of the key
        byte[] head = HexFormat.of().parseHex("302a300506032b6570032100");
        byte[] spki = Arrays.copyOf(head, head.length + 32);
        System.arraycopy(key, 1, spki, head.length, 32);
        Signature signature = Signature.getInstance("Ed25519");
        signature.initVerify(KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(spki)));
        signature.update(group.getBytes(StandardCharsets.UTF_8));
        if (!signature.verify(signed, 4, signed.length - 4)) throw new IllegalArgumentException("the signature is not over it");
    }

    public static void main(String[] args) throws Exception {
        if (args.length != 2) {
            System.err.println("java Receipt.java answer.json VKEY");
            System.exit(2);
        }
        // the bytes as they came: ISO 8859-1 keeps each as one character
        String answer;
        try {
            answer = Files.readString(Path.of(args[0]), StandardCharsets.ISO_8859_1);
        } catch (java.io.IOException fault) {
            System.err.println("cannot be read: " + args[0]);
            System.exit(2);
            return;
        }
        int cut = answer.lastIndexOf(",\"receipt\":{");
        if (cut < 0) {
            System.err.println("does not verify: the answer has no receipt");
            System.exit(1);
        }
        String receipt = answer.substring(cut);
        try {
            verify(receipt, sha256((answer.substring(0, cut) + "}").getBytes(StandardCharsets.ISO_8859_1)), args[1]);
        } catch (IllegalArgumentException | SignatureException fault) {
            System.err.println("does not verify: " + fault.getMessage());
            System.exit(1);
        }
        System.out.println("promised: " + text(receipt, "journal") + ":" + number(receipt, "seq") + " is in the log by " + text(receipt, "mergeBy"));
    }
}

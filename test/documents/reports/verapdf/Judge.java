import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

/** java -cp 'LIB/*' Judge.java FLAVOUR FILE… : what veraPDF finds, `FILE: ok` or a line a kind of fault. Exit 1 where there is any. */
public class Judge {
    public static void main(String[] args) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        PDFAFlavour flavour = PDFAFlavour.byFlavourId(args[0]);
        boolean clean = true;
        for (int i = 1; i < args.length; i++) {
            Map<String, String> faults = new TreeMap<>();
            boolean compliant;
            try (InputStream in = Files.newInputStream(Path.of(args[i])); PDFAParser parser = Foundries.defaultInstance().createParser(in, flavour); PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, 100, false, true, false)) {
                ValidationResult result = validator.validate(parser);
                compliant = result.isCompliant();
                for (TestAssertion assertion : result.getTestAssertions()) {
                    if (assertion.getStatus() != TestAssertion.Status.FAILED) continue;
                    faults.putIfAbsent(assertion.getRuleId().getClause() + "-" + assertion.getRuleId().getTestNumber(), assertion.getMessage().replaceAll("\\s+", " ") + " at " + assertion.getLocation().getContext());
                }
            }
            clean &= compliant;
            if (compliant) System.out.println(args[i] + ": ok");
            for (Map.Entry<String, String> fault : faults.entrySet()) System.out.println(args[i] + ": " + fault.getKey() + " " + fault.getValue());
            if (!compliant && faults.isEmpty()) System.out.println(args[i] + ": not compliant");
        }
        System.exit(clean ? 0 : 1);
    }
}

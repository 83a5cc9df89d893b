package umem.engine.search;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import jdk.incubator.vector.FloatVector;

/// How wide the SIMD vectors of this process are, chosen once.
///
/// The Vector API is fast only where the C2 compiler turns its operations into instructions of the CPU; anywhere else
/// each would make an object on the heap. So SIMD needs the module `jdk.incubator.vector`, C2, and a CPU with vectors.
/// Then the widest are taken: with 512 bits one query over 100,000 x 384 takes 0.84 to 0.93 of the time that it takes
/// with 256.
final class VectorWidth {
    /// Forces a width: `auto` (the default), `scalar`, `128`, `256`, `512`, or `vector`, which is `auto` with a warning
    /// where there are none.
    static final String PROPERTY = "umem.search.kernels";

    /// 512, 256 or 128; 0 for scalar. A constant of the process, for the JIT compiler too.
    static final int BITS = choose(System.getProperty(PROPERTY, "auto"));

    private VectorWidth() {}

    /// The widest vectors that are any use here, 0 if none are.
    static int supported() {
        // What the VM calls itself when C2 is off: "interpreted mode", or "mixed mode, emulated-client".
        String mode = System.getProperty("java.vm.info", "");
        if (mode.contains("interpreted") || mode.contains("emulated-client")) {
            return 0;
        }
        int bits = Probe.bits();
        return bits < 128 ? 0 : Math.min(bits, 512);
    }

    private static int choose(String wanted) {
        Logger log = System.getLogger(SearchKernels.class.getName());
        int most = 0;
        String lack = "the CPU has no vectors of 128 bits or more, or Java runs without its C2 compiler";
        if (!wanted.equals("scalar")) {
            try {
                most = supported();
            } catch (LinkageError absent) {
                lack = "start Java with --add-modules jdk.incubator.vector";
            }
        }
        int bits = switch (wanted) {
            case "auto", "vector" -> most;
            case "128", "256", "512" -> Integer.parseInt(wanted) <= most ? Integer.parseInt(wanted) : 0;
            case "scalar" -> 0;
            default -> {
                log.log(Level.WARNING, "-D{0}={1} is not known, auto is taken", PROPERTY, wanted);
                yield most;
            }
        };
        if (bits > 0 || wanted.equals("scalar")) {
            log.log(Level.DEBUG, "search: vectors of {0} bits", bits);
        } else if (most > 0) {
            log.log(Level.WARNING, "search is scalar: vectors have at most {0} bits here", most);
        } else {
            log.log(
                    wanted.equals("auto") ? Level.INFO : Level.WARNING,
                    "search runs without SIMD, several times slower: {0}",
                    lack);
        }
        return bits;
    }

    /// The first touch of the module's classes, which fails with a [LinkageError] where it is missing.
    private static final class Probe {
        static int bits() {
            return FloatVector.SPECIES_PREFERRED.vectorBitSize();
        }
    }
}

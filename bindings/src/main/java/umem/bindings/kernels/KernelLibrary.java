package umem.bindings.kernels;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import umem.bindings.internal.Dlopen;
import umem.bindings.internal.ElfFile;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The library of kernels (`native/kernels`), loaded into this process once and never unloaded. Safe for all threads.
public final class KernelLibrary {
    private static final Map<Path, KernelLibrary> LOADED = new HashMap<>();

    private final Path path;
    private final KernelAbi abi;
    private final List<InstructionSet> instructionSets;

    private KernelLibrary(Path path, KernelAbi abi) {
        this.path = path;
        this.abi = abi;
        this.instructionSets = Arrays.stream(InstructionSet.values())
                .filter(set -> abi.supports(set.code()))
                .toList();
    }

    /// Loads the library; later calls with the same path return the same object.
    ///
    /// @param library the shared library, as [umem.provision.Provision#kernels()] names it
    /// @throws UmemException of kind NATIVE if it is missing, cannot be opened, or has another ABI than these bindings
    public static synchronized KernelLibrary load(Path library) {
        Path path = library.toAbsolutePath().normalize();
        KernelLibrary known = LOADED.get(path);
        if (known == null) {
            ElfFile.requireWhole(path);
            known = new KernelLibrary(path, open(path));
            LOADED.put(path, known);
        }
        return known;
    }

    private static KernelAbi open(Path path) {
        KernelAbi abi;
        try {
            abi = new KernelAbi(path);
        } catch (IllegalArgumentException e) {
            String reason = Dlopen.reason(path);
            throw new UmemException(
                    ErrorKind.NATIVE,
                    "native library " + path + " cannot be loaded: " + (reason.isEmpty() ? e.getMessage() : reason),
                    e);
        } catch (NoSuchElementException e) {
            throw new UmemException(
                    ErrorKind.NATIVE,
                    "native library " + path + " is not the library of kernels, or an old one (" + e.getMessage()
                            + "); provision the libraries again",
                    e);
        }
        if (abi.abi() != KernelAbi.VERSION) {
            throw new UmemException(
                    ErrorKind.NATIVE,
                    "native library " + path + " has version " + abi.abi() + " of the ABI of kernels, not "
                            + KernelAbi.VERSION + "; provision the libraries again");
        }
        return abi;
    }

    /// The file it was loaded from.
    public Path path() {
        return path;
    }

    /// What this CPU can run, from the slowest; never empty.
    public List<InstructionSet> instructionSets() {
        return instructionSets;
    }

    /// The kernels of an instruction set.
    ///
    /// @throws UmemException of kind NATIVE if this CPU cannot run them
    public Kernels kernels(InstructionSet set) {
        if (!instructionSets.contains(set)) {
            throw new UmemException(ErrorKind.NATIVE, "this CPU cannot run " + set + "; it can run " + instructionSets);
        }
        return new Kernels(this, set);
    }

    /// The fastest kernels of this CPU.
    public Kernels kernels() {
        return kernels(instructionSets.getLast());
    }

    /// Asks the system for large pages under memory that is yet to be written. A hint, which speeds up reading weights
    /// from end to end by up to a third.
    public void preferLargePages(MemorySegment memory) {
        if (!memory.isNative()) {
            throw new IllegalArgumentException("only native memory has pages of its own");
        }
        abi.preferLargePages(memory);
    }

    KernelAbi abi() {
        return abi;
    }
}

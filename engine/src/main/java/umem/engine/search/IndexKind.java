package umem.engine.search;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import umem.bindings.NativeException;
import umem.bindings.faiss.FaissLibrary;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Which index searches, as it is written on a command line.
///
/// | kind | index | finds |
/// | --- | --- | --- |
/// | `auto` | [QuantisedIndex] with int8 codes once they pay | the same as `flat` |
/// | `flat` | [FlatIndex] | the definition |
/// | `int8`, `bf16` | [QuantisedIndex] | the same as `flat` |
/// | `cuda` | [DeviceIndex] on a GPU | the same as `flat` |
/// | `faiss`, `faiss:FACTORY` | [ApproximateIndex] over a base of FAISS, such as `faiss:HNSW32` | most of it, faster |
///
/// `auto` never takes what may miss a row, nor a GPU: those are asked for by name.
///
/// @param name the kind, as [#parse] takes it
public record IndexKind(String name) {
    /// [QuantisedIndex] with int8 codes, which come once there are so many rows that they are worth it, and go again.
    public static final IndexKind AUTO = new IndexKind("auto");

    /// [FlatIndex].
    public static final IndexKind FLAT = new IndexKind("flat");

    /// All kinds, for messages.
    private static final String KNOWN = "auto, flat, int8, bf16, cuda, faiss or faiss:FACTORY, such as faiss:HNSW32";

    private static final String FAISS = "faiss";
    private static final String CUDA = "cuda";

    /// Values that `auto` searches without codes: 32 MiB, 21,845 rows of 384 values. Beyond, a scan waits for memory,
    /// and
    /// codes halve its time and more (measured: 2.0 to 2.4 times as fast at 16,000 rows of 384 values, 2.8 to 3.2 times
    /// at 64,000, but only 1.3 times at 4,000); below, a search takes a millisecond at most and codes would only cost
    /// memory.
    static final int AUTOMATIC_VALUES = 1 << 23;

    /// @throws UmemException of kind USAGE if it is none
    public IndexKind {
        boolean known = switch (name) {
            case "auto", "flat", "int8", "bf16", CUDA, FAISS -> true;
            default -> name.startsWith(FAISS + ":") && name.length() > FAISS.length() + 1;
        };
        if (!known) {
            throw new UmemException(ErrorKind.USAGE, "there is no index of kind \"" + name + "\"; choose " + KNOWN);
        }
    }

    /// @throws UmemException of kind USAGE if it is none
    public static IndexKind parse(String text) {
        return new IndexKind(text.strip());
    }

    /// Opens an empty index that uses one thread a search.
    ///
    /// @param dimension values a row, at least 1
    /// @throws IllegalArgumentException if the kind needs a native library
    public VectorIndex open(int dimension) {
        return open(dimension, 1, null);
    }

    /// Opens an empty index.
    ///
    /// @param dimension values a row, at least 1
    /// @param threads that a batch of [BlasBatch#LEAST] queries or more may use, at least 1; the caller's is one of
    ///     them
    /// @param libraries for the kinds `faiss` and `cuda`; others need none
    /// @throws UmemException if the kind needs a library, or a GPU, that cannot be had
    public VectorIndex open(int dimension, int threads, @Nullable IndexLibraries libraries) {
        requireThreads(threads);
        if (name.equals(CUDA)) {
            return new DeviceIndex(required(libraries).gpu(), dimension);
        }
        if (name.startsWith(FAISS)) {
            FaissLibrary faiss = required(libraries).faiss();
            requireFactory(faiss, dimension);
            return new ApproximateIndex(faiss, dimension, approximate());
        }
        return open(new RowStore(dimension), threads);
    }

    /// A base is built once there are many rows: a factory string that FAISS does not know is to be told now.
    private void requireFactory(FaissLibrary faiss, int dimension) {
        String base = approximate().base();
        if (base != null) {
            try {
                ApproximateBuild.create(faiss, dimension, base).close();
            } catch (NativeException e) {
                throw new UmemException(
                        ErrorKind.USAGE,
                        "FAISS makes no index \"" + base + "\" of " + dimension + " values: " + e.nativeText(),
                        e);
            }
        }
    }

    private ApproximateOptions approximate() {
        ApproximateOptions standard = ApproximateOptions.standard();
        String base = name.equals(FAISS) ? standard.base() : name.substring(FAISS.length() + 1);
        return new ApproximateOptions(
                base, standard.nprobe(), standard.efSearch(), standard.minRows(), standard.rebuildShare());
    }

    private IndexLibraries required(@Nullable IndexLibraries libraries) {
        if (libraries == null) {
            throw new IllegalArgumentException("an index of kind " + name + " needs native libraries");
        }
        return libraries;
    }

    private static void requireThreads(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads " + threads + " is below 1");
        }
    }

    /// Reads what [VectorIndex#save] of any kind wrote, into memory, and checks all of it. Codes are made anew.
    ///
    /// @param threads as for [#open]
    /// @param libraries as for [#open]
    /// @throws UmemException of kind INPUT if it is no such file or one of another version, of kind STORAGE if it is
    ///     damaged, cannot be read, or is too large for the memory
    public VectorIndex load(Path file, int threads, @Nullable IndexLibraries libraries) {
        requireThreads(threads);
        if (name.startsWith(FAISS)) {
            return ApproximateIndex.load(required(libraries).faiss(), file, approximate());
        }
        if (name.equals(CUDA)) {
            return DeviceIndex.load(required(libraries).gpu(), file);
        }
        RowStore rows = RowFile.read(file, false);
        try {
            return open(rows, threads);
        } catch (RuntimeException | Error e) {
            rows.close();
            throw e;
        }
    }

    private VectorIndex open(RowStore rows, int threads) {
        return switch (name) {
            case "flat" -> new FlatIndex(rows, threads);
            case "int8" -> new QuantisedIndex(rows, Quantisation.INT8, 0, threads);
            case "bf16" -> new QuantisedIndex(rows, Quantisation.BF16, 0, threads);
            default ->
                rows.dimension() > CandidateKernels.MAX_INT8
                        ? new FlatIndex(rows, threads)
                        : new QuantisedIndex(
                                rows,
                                Quantisation.INT8,
                                Math.max(RowStore.ROWS, AUTOMATIC_VALUES / rows.dimension()),
                                threads);
        };
    }

    @Override
    public String toString() {
        return name;
    }
}

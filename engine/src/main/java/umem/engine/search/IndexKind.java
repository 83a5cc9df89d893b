package umem.engine.search;

import java.nio.file.Path;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Which index searches, as it is written on a command line: `auto`, `flat`, `int8` or `bf16`. All of them find exactly
/// the same; they differ in speed and memory.
///
/// @param name the kind, as [#parse] takes it
public record IndexKind(String name) {
    /// [QuantisedIndex] with int8 codes, which come once there are so many rows that they are worth it, and go again.
    public static final IndexKind AUTO = new IndexKind("auto");

    /// [FlatIndex].
    public static final IndexKind FLAT = new IndexKind("flat");

    /// All kinds, for messages.
    private static final String KNOWN = "auto, flat, int8 or bf16";

    /// Values that `auto` searches without codes: 32 MiB, 21,845 rows of 384 values. Beyond, a scan waits for memory,
    /// and
    /// codes halve its time and more (measured: 2.0 to 2.4 times as fast at 16,000 rows of 384 values, 2.8 to 3.2 times
    /// at 64,000, but only 1.3 times at 4,000); below, a search takes a millisecond at most and codes would only cost
    /// memory.
    static final int AUTOMATIC_VALUES = 1 << 23;

    /// @throws UmemException of kind USAGE if it is none
    public IndexKind {
        switch (name) {
            case "auto", "flat", "int8", "bf16" -> {}
            default ->
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
    public VectorIndex open(int dimension) {
        return open(dimension, 1);
    }

    /// Opens an empty index.
    ///
    /// @param dimension values a row, at least 1
    /// @param threads that a batch of [BlasBatch#LEAST] queries or more may use, at least 1; the caller's is one of
    /// them
    public VectorIndex open(int dimension, int threads) {
        requireThreads(threads);
        return open(new RowStore(dimension), threads);
    }

    private static void requireThreads(int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("threads " + threads + " is below 1");
        }
    }

    /// Reads what [VectorIndex#save] of any kind wrote, into memory, and checks all of it. Codes are made anew.
    ///
    /// @param threads as for [#open(int, int)]
    /// @throws UmemException of kind INPUT if it is no such file or one of another version, of kind STORAGE if it is
    ///     damaged, cannot be read, or is too large for the memory
    public VectorIndex load(Path file, int threads) {
        requireThreads(threads);
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

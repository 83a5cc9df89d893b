package umem.engine.embedding.stream;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;

/// What a file of rows looks like.
enum RowFormat {
    /// Rows of little-endian float32 and nothing else.
    RAW,
    /// The same after the header of NumPy's format 1.0, so that `numpy.load` reads a matrix.
    NPY;

    private static final int NPY_HEADER = 128;

    /// The format that a file's name asks for.
    static RowFormat of(Path file) {
        return String.valueOf(file.getFileName()).endsWith(".npy") ? NPY : RAW;
    }

    /// Bytes before the first row.
    int headerBytes() {
        return this == NPY ? NPY_HEADER : 0;
    }

    /// What stands before the first row.
    ///
    /// @return a new array of [#headerBytes()]
    byte[] header(long rows, int dimension) {
        if (this == RAW) {
            return new byte[0];
        }
        byte[] header = new byte[NPY_HEADER];
        byte[] magic = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (byte) (NPY_HEADER - 10), 0};
        System.arraycopy(magic, 0, header, 0, magic.length);
        String dictionary = String.format(
                Locale.ROOT, "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }", rows, dimension);
        String padded = dictionary + " ".repeat(NPY_HEADER - magic.length - 1 - dictionary.length()) + "\n";
        System.arraycopy(padded.getBytes(StandardCharsets.US_ASCII), 0, header, magic.length, padded.length());
        return header;
    }
}

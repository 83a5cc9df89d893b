package umem.engine.search;

/// How the codes of a row are made, which a search reads instead of its float32 values.
public enum Quantisation {
    /// Whole numbers of -127 to 127 with one scale a row: a quarter of the bytes.
    INT8,
    /// The upper 16 bits of each value, rounded to nearest: half of the bytes.
    BF16;

    /// Bytes of a coded row, padded with zeros to whole vectors of any width.
    int rowBytes(int dimension) {
        int bytes = this == INT8 ? dimension : 2 * dimension;
        return Math.ceilDiv(bytes, CandidateKernels.PADDING) * CandidateKernels.PADDING;
    }
}

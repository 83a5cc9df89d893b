package umem.bindings.kernels;

/// What is applied to each element of a product.
public enum Activation {
    /// Nothing.
    LINEAR,
    /// `x * (1 + erf(x / sqrt(2))) / 2`, to about 1e-6.
    GELU;

    /// The code of `enum umem_kernels_activation`.
    int code() {
        return ordinal();
    }
}

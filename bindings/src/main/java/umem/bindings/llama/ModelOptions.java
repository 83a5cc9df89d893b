package umem.bindings.llama;

/// How a model is loaded.
///
/// @param gpuLayers layers to keep on a GPU: 0 none, negative all; without effect where there is no GPU
public record ModelOptions(int gpuLayers) {
    /// Everything on the CPU.
    public static ModelOptions cpu() {
        return new ModelOptions(0);
    }

    /// Everything on the GPU where there is one.
    public static ModelOptions gpu() {
        return new ModelOptions(-1);
    }
}

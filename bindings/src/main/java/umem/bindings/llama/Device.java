package umem.bindings.llama;

/// A device that ggml can compute on.
///
/// @param name short name, such as `CPU` or `CUDA0`
/// @param description what the vendor calls it
/// @param type what it is
/// @param freeBytes memory free now, 0 where unknown
/// @param totalBytes all its memory, 0 where unknown
public record Device(String name, String description, Type type, long freeBytes, long totalBytes) {
    /// What a device is.
    public enum Type {
        CPU,
        GPU,
        OTHER
    }
}

package umem.bindings.llama;

import umem.bindings.internal.generated.Ggml;

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
        OTHER;

        /// The type of this native code.
        public static Type of(int code) {
            if (code == Ggml.GGML_BACKEND_DEVICE_TYPE_CPU()) {
                return CPU;
            }
            return code == Ggml.GGML_BACKEND_DEVICE_TYPE_GPU() || code == Ggml.GGML_BACKEND_DEVICE_TYPE_IGPU()
                    ? GPU
                    : OTHER;
        }
    }
}

package umem.provision;

import java.nio.file.Path;

/// Where the provisioned native libraries lie.
///
/// @param llama the folder with libggml-base, libggml, libllama, the CPU backends and, where provisioned, libggml-cuda
/// @param faiss our C ABI over FAISS, a shared library
public record NativeLibraries(Path llama, Path faiss) {}

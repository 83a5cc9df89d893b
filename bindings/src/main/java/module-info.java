/// One small class per native object of llama.cpp, ggml and FAISS. Every handle is owned the moment it is returned, and
/// every input that would abort the process is refused in Java.
@org.jspecify.annotations.NullMarked
module umem.bindings {
    requires transitive umem.provision;

    exports umem.bindings;
    exports umem.bindings.blas;
    exports umem.bindings.faiss;
    exports umem.bindings.ggml;
    exports umem.bindings.kernels;
    exports umem.bindings.llama;
}

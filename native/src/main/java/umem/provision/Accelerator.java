package umem.provision;

/// Which ggml backends the provisioned llama.cpp folder holds beside the CPU ones.
public enum Accelerator {
    /// The CUDA plugin where an NVIDIA driver is found, else the CPU alone.
    AUTO,
    /// The CPU alone, whatever the machine has.
    CPU,
    /// The CUDA plugin; set-up fails with a message that names what is missing where it cannot run.
    CUDA
}

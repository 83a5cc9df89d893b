package umem.cli.command;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;
import umem.bindings.llama.LlamaLibrary;
import umem.cli.terminal.SetupProgress;
import umem.cli.terminal.Terminal;
import umem.provision.Accelerator;
import umem.provision.Provision;

/// The options of every command that needs models or native libraries; a picocli mixin.
public final class SetupOptions {
    @Option(names = "--offline", description = "Never use the network; what is missing is an error.")
    private boolean offline;

    @ArgGroup
    private @Nullable Device device;

    /// At most one of the two.
    static final class Device {
        @Option(names = "--cpu", description = "Use the CPU, whatever else the machine has.")
        private boolean cpu;

        @Option(names = "--with-cuda", description = "Insist on an NVIDIA GPU.")
        private boolean cuda;
    }

    /// Where models and libraries come from; tells the user on standard error what it fetches.
    public Provision provision(Terminal terminal) {
        Provision standard = Provision.standard(SetupProgress.on(terminal));
        // UMEM_OFFLINE=1 holds without the option too.
        return offline ? standard.withOffline(true) : standard;
    }

    /// llama.cpp, provided and loaded into this process.
    ///
    /// @throws umem.error.UmemException of kind SETUP if it cannot be had, NATIVE if it does not run here or a GPU was
    ///         insisted on and none can be used
    public LlamaLibrary library(Provision provision) {
        LlamaLibrary library = LlamaLibrary.load(provision.libraries(accelerator()));
        if (accelerator() == Accelerator.CUDA) {
            library.requireGpu();
        }
        return library;
    }

    /// What is computed on.
    public Accelerator accelerator() {
        if (device == null) {
            return Accelerator.AUTO;
        }
        return device.cuda ? Accelerator.CUDA : device.cpu ? Accelerator.CPU : Accelerator.AUTO;
    }
}

package umem.cli.command;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;
import umem.cli.terminal.SetupProgress;
import umem.cli.terminal.Terminal;
import umem.engine.Engine;
import umem.engine.language.LocalLanguageModel;
import umem.engine.language.RemoteLanguageModel;
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

    /// What opens models and encoders by name, on the device that was asked for.
    ///
    /// @param local how models in this process run
    public Engine engine(Terminal terminal, LocalLanguageModel.Options local) {
        return new Engine(
                provision(terminal),
                accelerator(),
                local,
                RemoteLanguageModel.Options.fromEnvironment(System.getenv()));
    }

    /// Whether the GPU is to be left out.
    public boolean isCpuOnly() {
        return accelerator() == Accelerator.CPU;
    }

    /// What is computed on.
    public Accelerator accelerator() {
        if (device == null) {
            return Accelerator.AUTO;
        }
        return device.cuda ? Accelerator.CUDA : device.cpu ? Accelerator.CPU : Accelerator.AUTO;
    }
}

package umem.provision;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The folder that llama.cpp is loaded from: the CPU libraries as they were unpacked, or a folder of links to them and
/// to what CUDA needs. ggml looks for its backends in one folder, and each library for its own needs beside itself.
final class LlamaFolder {
    static final String CPU = "llama-cpu";
    private static final String CUDA = "llama-cuda";
    private static final List<String> CUDA_RUNTIME = List.of("cuda-runtime", "cuda-cublas");

    private final Provision provision;
    private final CudaMachine machine;
    private final Progress progress;

    LlamaFolder(Provision provision, CudaMachine machine, Progress progress) {
        this.provision = provision;
        this.machine = machine;
        this.progress = progress;
    }

    Path provide(Accelerator accelerator) {
        return switch (accelerator) {
            case CPU -> cpu();
            case AUTO -> machine.hasDriver() ? cudaOrCpu() : cpu();
            case CUDA -> {
                if (!machine.hasDriver()) {
                    throw new UmemException(
                            ErrorKind.SETUP,
                            "CUDA was asked for and no NVIDIA driver was found (no libcuda.so.1, no"
                                    + " /proc/driver/nvidia/version): install the driver (590 or newer), or choose the CPU");
                }
                yield cuda();
            }
        };
    }

    /// A GPU is welcome, not needed: offline, or with little disk, the CPU libraries serve.
    private Path cudaOrCpu() {
        try {
            return cuda();
        } catch (UmemException e) {
            if (e.kind() != ErrorKind.SETUP && e.kind() != ErrorKind.STORAGE) {
                throw e;
            }
            progress.note("no CUDA, the CPU is used instead: " + e.getMessage());
            return cpu();
        }
    }

    /// The libraries as they were unpacked, or with the BLAS backend where that has been built.
    private Path cpu() {
        Path prebuilt = provision.artifact(CPU);
        try {
            Optional<Path> blas = new GgmlBuild(provision).find();
            if (blas.isEmpty()) {
                return prebuilt;
            }
            // Its name holds the checksum of the prebuilt libraries.
            String key =
                    blas.get().getFileName().toString().replace("lib", "with-").replace(".so", "");
            return provision.derived("llama", key, target -> {
                Files.createDirectory(target);
                link(prebuilt, target);
                linkFile(blas.get(), target.resolve("libggml-blas.so"));
            });
        } catch (IOException e) {
            throw Disk.storageFailure("the BLAS backend of ggml", provision.cache(), e);
        }
    }

    private Path cuda() {
        List<String> names = new ArrayList<>(List.of(CPU, CUDA));
        if (!machine.hasToolkit()) {
            names.addAll(CUDA_RUNTIME);
        }
        StringBuilder key = new StringBuilder("cuda");
        names.forEach(name -> key.append('-').append(provision.locked(name).sha256(), 0, 8));
        return provision.derived("llama", key.toString(), target -> {
            Files.createDirectory(target);
            for (String name : names) {
                link(provision.artifact(name), target);
            }
        });
    }

    private static void link(Path from, Path into) throws IOException {
        List<Path> files;
        try (Stream<Path> list = Files.list(from)) {
            files = list.filter(f -> !f.getFileName().toString().startsWith("."))
                    .toList();
        }
        for (Path file : files) {
            linkFile(file, into.resolve(file.getFileName()));
        }
    }

    private static void linkFile(Path file, Path link) throws IOException {
        try {
            Files.createLink(link, file);
        } catch (UnsupportedOperationException | FileSystemException e) {
            // Some file systems have no hard links.
            Files.copy(file, link, StandardCopyOption.COPY_ATTRIBUTES);
        }
    }
}

package umem.provision;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a machine has of CUDA.
///
/// @param hasDriver an NVIDIA driver is installed, so that libcuda.so.1 can be loaded
/// @param hasToolkit the CUDA 13 runtime and cuBLAS can be loaded from where the system keeps libraries
record CudaMachine(boolean hasDriver, boolean hasToolkit) {
    private static final List<String> FOLDERS = List.of(
            "/usr/lib/x86_64-linux-gnu",
            "/usr/lib64",
            "/usr/lib",
            "/lib/x86_64-linux-gnu",
            "/usr/local/lib",
            "/usr/local/nvidia/lib64",
            "/usr/lib/wsl/lib");

    static CudaMachine ofThisMachine() {
        return of(Path.of("/"), System.getenv("LD_LIBRARY_PATH"));
    }

    /// @param root `/`, or a folder that stands for it
    /// @param searchPath the value of LD_LIBRARY_PATH
    static CudaMachine of(Path root, @Nullable String searchPath) {
        List<Path> folders = new ArrayList<>();
        FOLDERS.forEach(f -> folders.add(root.resolve(f.substring(1))));
        List<Path> own = new ArrayList<>();
        if (searchPath != null) {
            for (String folder : searchPath.split(File.pathSeparator, -1)) {
                if (!folder.isEmpty()) {
                    own.add(Path.of(folder));
                }
            }
        }
        folders.addAll(own);
        boolean driver = Files.exists(root.resolve("proc/driver/nvidia/version")) || anyHas(folders, "libcuda.so.1");
        // The toolkit's own folder is on the loader's path only where its packages have put it there.
        if (Files.exists(root.resolve("etc/ld.so.conf.d/988_cuda-13.conf"))) {
            folders.add(root.resolve("usr/local/cuda-13/targets/x86_64-linux/lib"));
        }
        boolean toolkit = anyHas(folders, "libcudart.so.13")
                && anyHas(folders, "libcublas.so.13")
                && anyHas(folders, "libcublasLt.so.13");
        return new CudaMachine(driver, toolkit);
    }

    private static boolean anyHas(List<Path> folders, String library) {
        return folders.stream().anyMatch(f -> Files.exists(f.resolve(library)));
    }
}

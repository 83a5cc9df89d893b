package umem.cli.command;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import umem.bindings.llama.Device;
import umem.cli.terminal.Json;
import umem.error.ErrorKind;

/// What `umem doctor` found.
///
/// @param jdk the Java that runs this
/// @param nativeAccess whether the bindings may call native code
/// @param processors as many as this process may use, its control group's limit included
/// @param memory bytes that this process may use, its control group's limit included
/// @param vectorBits width of the vectors that searches use, 0 for scalar code
/// @param backend what models run on, `cpu` or `cuda`; null when llama.cpp could not be loaded
/// @param cpuVariant the variant of ggml's CPU code that suits this machine, such as `haswell`; null like `backend`
/// @param devices of ggml
/// @param libraries that were loaded, or would have been
/// @param models of the lock file, the encoder included
/// @param cache where models and libraries lie
/// @param notes what is worth knowing and no problem, such as a library that will be fetched at its first use
/// @param problems what is wrong, the gravest first
record Diagnosis(
        Jdk jdk,
        boolean nativeAccess,
        int processors,
        long memory,
        int vectorBits,
        @Nullable String backend,
        @Nullable String cpuVariant,
        List<Device> devices,
        List<Library> libraries,
        List<Model> models,
        Cache cache,
        List<String> notes,
        List<Problem> problems) {

    /// @param suits whether it is one that UMEM runs on safely
    record Jdk(String version, String vendor, String home, boolean suits) {}

    /// @param name of the library as its makers call it
    /// @param version that it reports; null when it could not be loaded
    /// @param path of the file
    /// @param sha256 of the file as it is now, null where there is none
    record Library(
            String name,
            @Nullable String version,
            Path path,
            @Nullable String sha256) {
        boolean loaded() {
            return version != null;
        }
    }

    /// @param path where it lies or will lie
    /// @param size in bytes
    /// @param sha256 that the lock file names
    record Model(
            String name,
            String version,
            boolean present,
            Path path,
            long size,
            @Nullable String sha256) {
        String command() {
            return "umem models fetch " + name;
        }
    }

    /// @param size bytes on disk, a file with several names counted once
    /// @param free bytes that may still be written
    record Cache(Path path, long size, long free) {}

    /// @param kind decides the exit code
    /// @param text one line: what is wrong, and the way out
    record Problem(ErrorKind kind, String text) {}

    /// 0 when nothing is wrong.
    int exitCode() {
        return problems.isEmpty() ? 0 : problems.getFirst().kind().exitCode();
    }

    /// All of it as data.
    ObjectNode json() {
        ObjectNode root = Json.object().put("ok", problems.isEmpty());
        root.put("jdk", jdk.version()).put("jdk_vendor", jdk.vendor()).put("jdk_home", jdk.home());
        root.put("native_access", nativeAccess)
                .put("processors", processors)
                .put("memory_bytes", memory)
                .put("vector_bits", vectorBits)
                .put("backend", backend)
                .put("cpu_variant", cpuVariant);
        ArrayNode devices = root.putArray("devices");
        for (Device device : devices()) {
            devices.addObject()
                    .put("name", device.name())
                    .put("description", device.description())
                    .put("type", device.type().name().toLowerCase(java.util.Locale.ROOT))
                    .put("free_bytes", device.freeBytes())
                    .put("total_bytes", device.totalBytes());
        }
        ArrayNode libraries = root.putArray("libraries");
        for (Library library : libraries()) {
            libraries
                    .addObject()
                    .put("name", library.name())
                    .put("version", library.version())
                    .put("path", library.path().toString())
                    .put("sha256", library.sha256())
                    .put("loaded", library.loaded());
        }
        ArrayNode models = root.putArray("models");
        for (Model model : models()) {
            ObjectNode node = models.addObject()
                    .put("name", model.name())
                    .put("version", model.version())
                    .put("present", model.present())
                    .put("path", model.path().toString())
                    .put("size_bytes", model.size())
                    .put("sha256", model.sha256());
            if (!model.present()) {
                node.put("command", model.command());
            }
        }
        root.putObject("cache")
                .put("path", cache.path().toString())
                .put("size_bytes", cache.size())
                .put("free_bytes", cache.free());
        notes.forEach(root.putArray("notes")::add);
        ArrayNode problems = root.putArray("problems");
        problems().forEach(problem -> problems.add(problem.text()));
        return root;
    }
}

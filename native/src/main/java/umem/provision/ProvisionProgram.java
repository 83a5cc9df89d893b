package umem.provision;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import tools.jackson.databind.json.JsonMapper;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Set-up as a program of its own, for builds and images:
///
/// ```
/// umem.provision.Provision ACTION... [--small] [--cpu | --with-cuda] [--offline] [--json]
/// ```
///
/// Actions: `all` (libraries, encoder, default models), `tests` (what the tests need), `libraries`, `encoder`,
/// `models`, `faiss` (FAISS from source, for this CPU: some minutes, and from then on 2 to 5 times faster searches in
/// it), `blas` (ggml's BLAS backend, built here), `list`, `verify`, or a name of the lock file. Progress goes to
/// standard error, data to standard output.
final class ProvisionProgram {
    private static final String ENCODER = "bge-small-en-v1.5";
    private static final String EXECUTOR = "qwen2.5-coder-1.5b-instruct";
    private static final String SMALL = "qwen2.5-coder-0.5b-instruct";
    private static final String TEST_MODEL = "smollm2-135m-instruct";
    private static final String USAGE = "usage: ACTION... [--small] [--cpu | --with-cuda] [--offline] [--json], where"
            + " ACTION is all, tests, libraries, encoder, models, faiss, blas, list, verify or a name that list prints";

    private final Provision provision;
    private final boolean small;
    private final Accelerator accelerator;
    private final Map<String, Object> results = new LinkedHashMap<>();

    private ProvisionProgram(Provision provision, boolean small, Accelerator accelerator) {
        this.provision = provision;
        this.small = small;
        this.accelerator = accelerator;
    }

    /// Runs the program.
    ///
    /// @return the exit code of the process
    static int run(List<String> arguments, PrintStream out, PrintStream err) {
        return run(arguments, out, err, Provision::standard);
    }

    /// @param standard makes the provision of this machine
    static int run(List<String> arguments, PrintStream out, PrintStream err, Function<Progress, Provision> standard) {
        try {
            return runOrThrow(arguments, out, err, standard);
        } catch (UmemException e) {
            err.println("set-up: " + e.getMessage());
            return e.kind().exitCode();
        }
    }

    private static int runOrThrow(
            List<String> arguments, PrintStream out, PrintStream err, Function<Progress, Provision> standard) {
        boolean small = false;
        boolean offline = false;
        boolean json = false;
        Accelerator accelerator = Accelerator.AUTO;
        List<String> actions = new ArrayList<>();
        for (String argument : arguments) {
            switch (argument) {
                case "--small" -> small = true;
                case "--offline" -> offline = true;
                case "--json" -> json = true;
                case "--cpu" -> accelerator = Accelerator.CPU;
                case "--with-cuda" -> accelerator = Accelerator.CUDA;
                default -> {
                    if (argument.startsWith("-")) {
                        throw new UmemException(ErrorKind.USAGE, "unknown option " + argument + "; " + USAGE);
                    }
                    actions.add(argument);
                }
            }
        }
        if (actions.isEmpty()) {
            throw new UmemException(ErrorKind.USAGE, USAGE);
        }
        Provision provision = standard.apply(Progress.lines(err));
        ProvisionProgram program =
                new ProvisionProgram(offline ? provision.withOffline(true) : provision, small, accelerator);
        boolean well = true;
        for (String action : actions) {
            well &= program.perform(action);
        }
        program.print(out, json);
        return well ? 0 : ErrorKind.STORAGE.exitCode();
    }

    private boolean perform(String action) {
        switch (action) {
            case "all" -> {
                libraries();
                artifact(ENCODER);
                models();
            }
            case "tests" -> {
                libraries();
                artifact(ENCODER);
                artifact(TEST_MODEL);
            }
            case "libraries" -> libraries();
            case "encoder" -> artifact(ENCODER);
            case "models" -> models();
            case "faiss" -> results.put("faiss", provision.optimizedFaiss().toString());
            case "blas" -> results.put("blas", provision.blas().toString());
            case "list" -> results.put("artifacts", provision.inventory());
            case "verify" -> {
                List<String> problems = provision.verify();
                results.put("ok", problems.isEmpty());
                results.put("problems", problems);
                return problems.isEmpty();
            }
            default -> artifact(action);
        }
        return true;
    }

    private void libraries() {
        NativeLibraries libraries = provision.libraries(accelerator);
        results.put("llama", libraries.llama().toString());
        results.put("faiss", libraries.faiss().toString());
        results.put("kernels", kernels());
    }

    /// Encoders do without them, slower, so their lack is told and no failure.
    private String kernels() {
        try {
            return provision.kernels().toString();
        } catch (UmemException e) {
            if (e.kind() != ErrorKind.SETUP) {
                throw e;
            }
            return "missing: " + e.getMessage();
        }
    }

    private void models() {
        if (!small) {
            artifact(EXECUTOR);
        }
        artifact(SMALL);
    }

    private void artifact(String name) {
        if (provision.inventory().stream().noneMatch(p -> p.name().equals(name) && p.sha256() != null)) {
            throw new UmemException(ErrorKind.USAGE, "unknown action or artifact " + name + "; " + USAGE);
        }
        results.put(name, provision.artifact(name).toString());
    }

    private void print(PrintStream out, boolean json) {
        if (json) {
            out.println(JsonMapper.shared().writeValueAsString(results));
            return;
        }
        results.forEach((name, value) -> {
            if (value instanceof List<?> lines) {
                lines.forEach(out::println);
            } else {
                out.println(name + " " + value);
            }
        });
    }
}

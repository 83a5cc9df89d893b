package umem.cli.command;

import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import umem.bindings.llama.Device;
import umem.cli.terminal.Json;
import umem.cli.terminal.Terminal;

/// `umem doctor`: what this machine has, what is missing, and what is wrong.
@Command(
        name = "doctor",
        description = {
            "Show Java, native libraries, devices, models and the cache, and what is wrong with them.",
            "Fetches nothing. Exit code 5 when a native library is damaged or cannot be loaded."
        })
public final class DoctorCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Option(names = "--json", description = "Print JSON.")
    private boolean json;

    /// @param terminal receives the report on standard output
    public DoctorCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Diagnosis found = new Examination().diagnosis();
        if (json) {
            terminal.print(Json.line(found.json()));
        } else {
            print(found);
        }
        return found.exitCode();
    }

    private void print(Diagnosis found) {
        line(
                "Java",
                found.jdk().version() + ", " + found.jdk().vendor() + ", "
                        + found.jdk().home());
        line("machine", found.processors() + " processors, " + gigabytes(found.memory()) + " of memory");
        line("search", found.vectorBits() == 0 ? "scalar" : "vectors of " + found.vectorBits() + " bits");
        if (found.backend() != null) {
            line("backend", found.backend() + ", CPU code for " + found.cpuVariant());
        }
        for (Device device : found.devices()) {
            line(
                    "device",
                    device.name() + ", " + device.description().strip() + ", " + gigabytes(device.freeBytes()) + " of "
                            + gigabytes(device.totalBytes()) + " free");
        }
        for (Diagnosis.Library library : found.libraries()) {
            line(
                    "library",
                    library.path()
                            + (library.loaded() ? ", version " + library.version() : ", not loaded")
                            + (library.sha256() == null ? "" : ", sha256 " + library.sha256()));
        }
        for (Diagnosis.Model model : found.models()) {
            line(
                    "model",
                    model.name() + ", "
                            + (model.present()
                                    ? model.path()
                                    : "missing: `" + model.command() + "` (" + gigabytes(model.size()) + ")"));
        }
        line(
                "cache",
                found.cache().path() + ", " + gigabytes(found.cache().size()) + ", "
                        + gigabytes(found.cache().free()) + " free");
        found.notes().forEach(note -> line("note", note));
        for (Diagnosis.Problem problem : found.problems()) {
            terminal.print(terminal.style(Terminal.Style.RED, "problem  ") + problem.text());
        }
        if (found.problems().isEmpty()) {
            terminal.print(terminal.style(Terminal.Style.GREEN, "all is well"));
        }
    }

    private void line(String what, String text) {
        terminal.print(terminal.style(Terminal.Style.DIM, String.format(Locale.ROOT, "%-9s", what)) + text);
    }

    private static String gigabytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
    }
}

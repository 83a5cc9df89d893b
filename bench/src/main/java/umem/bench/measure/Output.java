package umem.bench.measure;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import umem.bench.Results;
import umem.cli.terminal.Json;
import umem.cli.terminal.Terminal;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// Where results go, one by one as they come: the terminal, as a table or as JSON lines, and a file if wanted.
public final class Output {
    private final Terminal terminal;
    private final String measurement;
    private final boolean json;
    private final @Nullable Path file;
    private final Map<String, String> versions;
    private boolean headed;
    private int wrong;

    /// @param measurement what is measured, for the file: `search`
    /// @param json print JSON lines
    /// @param file is appended to; null for none
    /// @param versions of the libraries that took part
    public Output(
            Terminal terminal, String measurement, boolean json, @Nullable Path file, Map<String, String> versions) {
        this.terminal = terminal;
        this.measurement = measurement;
        this.json = json;
        this.file = file;
        this.versions = versions;
    }

    /// Takes the results of a case.
    public void accept(List<CaseResult> results) {
        for (CaseResult result : results) {
            if (json) {
                terminal.print(Json.line(result.json()));
            } else {
                if (!headed) {
                    terminal.print(CaseTable.head());
                    headed = true;
                }
                terminal.print(CaseTable.line(result));
            }
            terminal.flush();
            if (file != null) {
                var kept = result.json();
                kept.set("details", result.details());
                Results.append(file, measurement, kept, versions);
            }
            wrong += result.checked() ? 0 : 1;
        }
    }

    /// To be called at the end.
    ///
    /// @throws UmemException of kind INTERNAL if answers were wrong: their times mean nothing
    public void end() {
        if (wrong > 0) {
            throw new UmemException(
                    ErrorKind.INTERNAL, wrong + " results have wrong answers behind them; standard error says whose");
        }
    }
}

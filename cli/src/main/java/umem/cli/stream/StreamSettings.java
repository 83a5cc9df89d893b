package umem.cli.stream;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import umem.engine.Engine;
import umem.engine.evolution.StreamOptions;
import umem.engine.language.LocalLanguageModel;
import umem.engine.search.IndexKind;
import umem.error.ErrorKind;
import umem.error.UmemException;

/// The options that `umem demo` and `umem run` share; a picocli mixin.
public final class StreamSettings {
    @Option(
            names = "--executor",
            paramLabel = "MODEL-or-URL",
            description = "Solves the tasks: a model name, a GGUF file, hf:owner/repo/file, or an OpenAI-compatible"
                    + " endpoint (http://host:8080 or http://host:8080#model). Default: " + Engine.EXECUTOR + ".")
    @Nullable
    String executor;

    @Option(
            names = "--optimizer",
            paramLabel = "MODEL-or-URL",
            description = "Writes the lessons; same forms. Default: " + Engine.OPTIMIZER + ".")
    @Nullable
    String optimizer;

    @Option(
            names = "--encoder",
            paramLabel = "MODEL",
            description = "Embeds queries and keys: a name, a GGUF file, or hf:... Default: ${DEFAULT-VALUE}.")
    String encoder = Engine.ENCODER;

    @Option(
            names = "--small",
            description = "Take " + Engine.OPTIMIZER + " for both: 0.5 GB of models instead of 1.6 GB.")
    boolean small;

    @Option(
            names = "--bank",
            paramLabel = "DIR",
            description = "The memory bank; one that exists goes on growing. Default: bank in the run's folder.")
    @Nullable
    Path bank;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description =
                    "The run's folder; one that holds an interrupted run is continued. Default: a new one in runs.")
    @Nullable
    Path out;

    @Option(names = "--epochs", paramLabel = "N", description = "Passes over the tasks. Default: ${DEFAULT-VALUE}.")
    int epochs = 1;

    @Option(names = "--seed", paramLabel = "S", description = "Names the stream. Default: ${DEFAULT-VALUE}.")
    long seed = 1;

    @Option(names = "--shuffle", description = "An order of its own for each epoch, drawn from the seed.")
    boolean shuffle;

    @Option(names = "--top-k", paramLabel = "K", description = "Memories shown at most. Default: ${DEFAULT-VALUE}.")
    int topK = 3;

    @Option(
            names = "--min-score",
            paramLabel = "COSINE",
            description = "Show only memories of at least this cosine. Default: no threshold.")
    float minScore = -1;

    @Option(
            names = "--index",
            paramLabel = "KIND",
            description = "What searches the bank: auto, flat, int8, bf16, cuda, faiss or faiss:FACTORY. Default:"
                    + " ${DEFAULT-VALUE}.")
    String index = "auto";

    @Option(names = "--allow-self", description = "In later epochs, show a task the memory that was made from it, too.")
    boolean allowSelf;

    @Option(names = "--prompts", paramLabel = "DIR", description = "A folder with prompts that replace ours.")
    @Nullable
    Path prompts;

    @Option(names = "--grammar", description = "Force the Mem-Optimizer's output into its format.")
    boolean grammar;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description = "The executor's longest output. Default: ${DEFAULT-VALUE}.")
    int maxTokens = 512;

    @Option(
            names = "--lesson-tokens",
            paramLabel = "N",
            description = "The Mem-Optimizer's longest output. Default: ${DEFAULT-VALUE}.")
    int lessonTokens = 256;

    @Option(
            names = "--context",
            paramLabel = "N",
            description =
                    "Tokens that a local model holds at once, over all sequences. Default: ${DEFAULT-VALUE}, twice"
                            + " that where one model does both jobs.")
    int context = LocalLanguageModel.Options.defaults().contextLength();

    @Option(
            names = "--sequences",
            paramLabel = "N",
            description = "Generations of a local model side by side. Default: ${DEFAULT-VALUE}.")
    int sequences = LocalLanguageModel.Options.defaults().sequences();

    @Option(names = "--threads", paramLabel = "N", description = "CPU threads. Default: ${DEFAULT-VALUE}.")
    int threads = LocalLanguageModel.Options.defaults().threads();

    @Option(
            names = "--no-cache",
            description = "Run every execution and embed every text anew instead of taking over what earlier runs did.")
    boolean noCache;

    @Option(
            names = "--batch-invariant",
            description = "Local models answer the same whatever runs beside or ran before, one request at a time.")
    boolean batchInvariant;

    @Option(
            names = "--record",
            paramLabel = "DIR",
            description = "Keep everything that models say in this folder, so that --replay can repeat the run.")
    @Nullable
    Path record;

    @Option(
            names = "--replay",
            paramLabel = "DIR",
            description = "Repeat a run that was recorded there, without any model.")
    @Nullable
    Path replay;

    @Option(names = "--json", description = "End with one JSON object on standard output.")
    boolean json;

    String executorReference() {
        return executor != null ? executor : small ? Engine.OPTIMIZER : Engine.EXECUTOR;
    }

    String optimizerReference() {
        return optimizer != null ? optimizer : Engine.OPTIMIZER;
    }

    /// Where one model does both jobs, it needs room to keep what the prompts of each begin with: without it, every
    /// turn
    /// from one job to the other computes that anew, which doubles the time of a run.
    int contextLength() {
        boolean shared = executorReference().equals(optimizerReference());
        boolean chosen = context != LocalLanguageModel.Options.defaults().contextLength();
        return shared && !chosen ? 2 * context : context;
    }

    /// @throws UmemException of kind USAGE if a number is out of range
    void check() {
        atLeast(1, epochs, "--epochs");
        atLeast(0, topK, "--top-k");
        atLeast(1, maxTokens, "--max-tokens");
        atLeast(1, lessonTokens, "--lesson-tokens");
        between(1, 1 << 22, context, "--context");
        between(1, 255, sequences, "--sequences");
        between(1, 512, threads, "--threads");
        IndexKind.parse(index);
        if (record != null && replay != null) {
            throw new UmemException(ErrorKind.USAGE, "give either --record or --replay");
        }
        if (Float.isNaN(minScore)) {
            throw new UmemException(ErrorKind.USAGE, "--min-score is not a number");
        }
    }

    private static void atLeast(int low, int value, String option) {
        if (value < low) {
            throw new UmemException(ErrorKind.USAGE, option + " " + value + " is below " + low);
        }
    }

    private static void between(int low, int high, int value, String option) {
        if (value < low || value > high) {
            throw new UmemException(ErrorKind.USAGE, option + " " + value + " is not in " + low + " to " + high);
        }
    }

    StreamOptions options() {
        return new StreamOptions(topK, minScore, !allowSelf, epochs, shuffle, seed);
    }
}

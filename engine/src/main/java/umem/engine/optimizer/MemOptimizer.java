package umem.engine.optimizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import umem.engine.executor.PromptVariables;
import umem.engine.executor.Prompts;
import umem.engine.executor.Trajectory;
import umem.engine.language.Generation;
import umem.engine.language.GenerationRequest;
import umem.engine.language.LanguageModel;
import umem.engine.language.Sampling;

/// The Mem-Optimizer `pi_phi`: reads a trajectory, writes a lesson and decides between ADD and UPDATE, in one output
/// (spec, section 3).
///
/// Safe for all threads. Does not own the model.
public final class MemOptimizer {
    /// A token is rarely shorter than this many characters, so a budget in tokens is kept without the model's
    /// tokenizer.
    private static final int CHARACTERS_PER_TOKEN = 3;

    private final LanguageModel model;
    private final Prompts prompts;
    private final Options options;

    /// @param maxTokens the longest output, at least 1
    /// @param trajectoryTokens how much of a trajectory is shown; of a longer one, head and tail
    /// @param grammar whether outputs are forced into the format
    public record Options(int maxTokens, int trajectoryTokens, boolean grammar) {
        public Options {
            if (maxTokens < 1 || trajectoryTokens < 16) {
                throw new IllegalArgumentException(
                        "maxTokens " + maxTokens + " or trajectoryTokens " + trajectoryTokens + " is too small");
            }
        }

        /// 256 tokens of output, 1,024 of trajectory, no grammar.
        public static Options defaults() {
            return new Options(256, 1024, false);
        }
    }

    public MemOptimizer(LanguageModel model, Prompts prompts, Options options) {
        this.model = model;
        this.prompts = prompts;
        this.options = options;
    }

    /// The action that the policy prefers, by greedy decoding.
    ///
    /// @throws UmemException if the model fails
    public Proposal propose(Trajectory trajectory) {
        return read(model.generate(request(trajectory, Sampling.greedy(options.maxTokens()))), trajectory);
    }

    /// A group of actions drawn from the policy.
    ///
    /// @param group how many, G in the paper
    /// @param temperature above 0; 1.0 in the paper
    /// @param seed of the first draw; the others follow
    /// @throws UmemException if the model fails
    public List<Proposal> sample(Trajectory trajectory, int group, double temperature, long seed) {
        List<GenerationRequest> requests = new ArrayList<>(group);
        for (int g = 0; g < group; g++) {
            requests.add(request(trajectory, Sampling.temperature(temperature, seed + g, options.maxTokens())));
        }
        return model.generateAll(requests).stream()
                .map(generation -> read(generation, trajectory))
                .toList();
    }

    private GenerationRequest request(Trajectory trajectory, Sampling sampling) {
        Map<String, Object> variables = PromptVariables.of(trajectory.task(), trajectory.memories());
        String reply = trajectory.reply() == null ? "" : trajectory.reply();
        variables.put("trajectory", shortened(trajectory.output().strip()));
        variables.put("hasReply", !reply.isEmpty());
        variables.put("reply", reply);
        Prompts.Name name = trajectory.correct() ? Prompts.Name.OPTIMIZER_SUCCESS : Prompts.Name.OPTIMIZER_FAILURE;
        return new GenerationRequest(
                prompts.render(name, variables),
                sampling,
                options.grammar() ? ActionGrammar.of(trajectory.memories().size()) : null);
    }

    /// Head and tail of a text that is too long, with a mark where the middle was.
    private String shortened(String text) {
        int budget = options.trajectoryTokens() * CHARACTERS_PER_TOKEN;
        if (text.length() <= budget) {
            return text;
        }
        int head = boundary(text, budget / 2);
        int tail = boundary(text, text.length() - (budget - budget / 2));
        return text.substring(0, head) + "\n[... " + (tail - head) + " characters left out ...]\n"
                + text.substring(tail);
    }

    /// Not between the halves of a character.
    private static int boundary(String text, int index) {
        return Character.isLowSurrogate(text.charAt(index)) ? index - 1 : index;
    }

    private static Proposal read(Generation generation, Trajectory trajectory) {
        ActionParser.Result result =
                ActionParser.parse(generation.text(), trajectory.memories().size());
        return new Proposal(
                generation.text(),
                result.action(),
                result.malformed(),
                generation.promptTokens(),
                generation.completionTokens());
    }

    /// A short name for reports.
    public String name() {
        return model.name();
    }

    /// Identifies model, prompts and options.
    public String fingerprint() {
        return model.fingerprint()
                + "+"
                + prompts.fingerprint(Prompts.Name.OPTIMIZER_SUCCESS, Prompts.Name.OPTIMIZER_FAILURE)
                        .substring(0, 16)
                + "+" + options.maxTokens() + "+" + options.trajectoryTokens() + (options.grammar() ? "+grammar" : "");
    }
}

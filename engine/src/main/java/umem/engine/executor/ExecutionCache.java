package umem.engine.executor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.json.JsonMapper;
import umem.engine.language.ChatMessage;
import umem.engine.language.Generation;
import umem.engine.language.GenerationRequest;

/// Remembers greedy executions: each is a pure function of (model, prompt, sampling), so running it twice is waste.
///
/// On disk it is one small file an execution, named by the hash of what determines it and put there by an atomic
/// rename. So any number of processes may share a folder, a kill at any moment leaves whole files only, and a damaged
/// file is a miss. Identical requests that arrive together run once, and fail together; failures are not remembered.
/// Sampled generations pass through. Safe for all threads.
public final class ExecutionCache {
    private static final System.Logger LOG = System.getLogger(ExecutionCache.class.getName());
    private static final JsonMapper JSON = JsonMapper.shared();
    /// Reads whole files only: left alone, Jackson takes a lacking field for null or zero.
    private static final ObjectReader STORED = JSON.readerFor(Generation.class)
            .with(
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES);

    private final @Nullable Path folder;
    private final Map<String, CompletableFuture<Generation>> known = new ConcurrentHashMap<>();
    private final AtomicLong calls = new AtomicLong();
    private final AtomicLong saved = new AtomicLong();
    private volatile boolean writable = true;

    /// A generation, and whether it was there already.
    ///
    /// @param generation the result
    /// @param cached whether no call was made for it
    public record Lookup(Generation generation, boolean cached) {}

    private ExecutionCache(@Nullable Path folder) {
        this.folder = folder;
    }

    /// A cache that lives as long as the process.
    public static ExecutionCache inMemory() {
        return new ExecutionCache(null);
    }

    /// A cache that is kept in a folder, which is created when needed.
    public static ExecutionCache in(Path folder) {
        return new ExecutionCache(folder);
    }

    /// Looks an execution up, or runs it.
    ///
    /// @param fingerprint of the model
    /// @param request what is asked
    /// @param run starts the generation; called at most once
    public CompletableFuture<Lookup> get(
            String fingerprint, GenerationRequest request, Supplier<CompletableFuture<Generation>> run) {
        if (!request.sampling().isGreedy()) {
            calls.incrementAndGet();
            return run.get().thenApply(generation -> new Lookup(generation, false));
        }
        String key = key(fingerprint, request);
        CompletableFuture<Generation> mine = new CompletableFuture<>();
        CompletableFuture<Generation> other = known.putIfAbsent(key, mine);
        if (other != null) {
            return other.thenApply(generation -> {
                saved.incrementAndGet();
                return new Lookup(generation, true);
            });
        }
        // Whatever happens here, those who wait for the same execution must hear of it.
        try {
            Generation stored = read(key);
            if (stored != null) {
                saved.incrementAndGet();
                mine.complete(stored);
                return CompletableFuture.completedFuture(new Lookup(stored, true));
            }
            calls.incrementAndGet();
            run.get().whenComplete((generation, failure) -> {
                if (failure == null) {
                    write(key, generation);
                    mine.complete(generation);
                } else {
                    known.remove(key, mine);
                    mine.completeExceptionally(failure);
                }
            });
        } catch (RuntimeException | Error e) {
            known.remove(key, mine);
            mine.completeExceptionally(e);
        }
        return mine.thenApply(generation -> new Lookup(generation, false));
    }

    /// Executions that were really run.
    public long calls() {
        return calls.get();
    }

    /// Executions that the cache made unnecessary.
    public long saved() {
        return saved.get();
    }

    private static String key(String fingerprint, GenerationRequest request) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            update(digest, fingerprint);
            update(digest, Integer.toString(request.sampling().maxTokens()));
            update(digest, request.grammar() == null ? "" : request.grammar());
            for (ChatMessage message : request.messages()) {
                update(digest, message.role().wire());
                update(digest, message.content());
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Length before content: no two lists of texts give the same bytes.
    private static void update(MessageDigest digest, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
        digest.update(bytes);
    }

    private static Path file(Path folder, String key) {
        return folder.resolve(key.substring(0, 2)).resolve(key.substring(2) + ".json");
    }

    private @Nullable Generation read(String key) {
        if (folder == null) {
            return null;
        }
        try {
            return STORED.readValue(Files.readAllBytes(file(folder, key)));
        } catch (IOException | JacksonException e) {
            return null;
        }
    }

    /// A full disk must not stop the work: the execution is simply not remembered.
    private void write(String key, Generation generation) {
        if (folder == null || !writable) {
            return;
        }
        Path file = file(folder, key);
        try {
            Files.createDirectories(file.getParent());
            Path staged = Files.createTempFile(file.getParent(), "execution", ".tmp");
            try {
                Files.write(staged, JSON.writeValueAsBytes(generation));
                Files.move(staged, file, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(staged);
            }
        } catch (IOException | JacksonException e) {
            writable = false;
            LOG.log(System.Logger.Level.WARNING, "executions are no longer kept in " + folder + ": " + e);
        }
    }
}

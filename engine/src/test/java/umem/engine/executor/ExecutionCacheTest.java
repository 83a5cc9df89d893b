package umem.engine.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import umem.engine.language.ChatMessage;
import umem.engine.language.Generation;
import umem.engine.language.GenerationRequest;
import umem.engine.language.Sampling;
import umem.engine.testing.Seed;
import umem.error.ErrorKind;
import umem.error.UmemException;

@Timeout(60)
class ExecutionCacheTest {
    private static final Supplier<CompletableFuture<Generation>> NEVER = () -> {
        throw new AssertionError("this execution should be known");
    };

    @TempDir
    Path folder;

    private static GenerationRequest request(String text) {
        return new GenerationRequest(List.of(ChatMessage.user(text)), Sampling.greedy(8));
    }

    private static Generation generation(String text) {
        return new Generation(text, 12, 3, Generation.Finish.LENGTH);
    }

    private static Supplier<CompletableFuture<Generation>> running(String text) {
        return () -> CompletableFuture.completedFuture(generation(text));
    }

    /// All files but folders.
    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile).toList();
        }
    }

    @Test
    void remembersInMemoryAndOnDisk() throws IOException {
        for (ExecutionCache cache :
                List.of(ExecutionCache.inMemory(), ExecutionCache.in(folder.resolve("new/cache")))) {
            ExecutionCache.Lookup miss =
                    cache.get("m", request("q"), running("ä\n\"🙂\"")).join();
            assertThat(miss).isEqualTo(new ExecutionCache.Lookup(generation("ä\n\"🙂\""), false));
            ExecutionCache.Lookup hit = cache.get("m", request("q"), NEVER).join();
            assertThat(hit).isEqualTo(new ExecutionCache.Lookup(generation("ä\n\"🙂\""), true));
            assertThat(cache.calls()).isEqualTo(1);
            assertThat(cache.saved()).isEqualTo(1);
        }
        assertThat(files(folder))
                .singleElement()
                .satisfies(file -> assertThat(file.toString()).endsWith(".json"));
    }

    @Test
    void tellsApartWhateverDecidesTheOutput() {
        List<ChatMessage> ab = List.of(ChatMessage.user("ab"));
        Sampling greedy = Sampling.greedy(8);
        record Execution(String fingerprint, GenerationRequest request) {}
        List<Execution> different = List.of(
                new Execution("m", new GenerationRequest(ab, greedy)),
                new Execution("n", new GenerationRequest(ab, greedy)),
                new Execution("m", new GenerationRequest(ab, Sampling.greedy(9))),
                new Execution("m", new GenerationRequest(ab, greedy, "root ::= \"a\"")),
                new Execution("m", new GenerationRequest(List.of(ChatMessage.system("ab")), greedy)),
                new Execution(
                        "m", new GenerationRequest(List.of(ChatMessage.user("a"), ChatMessage.user("b")), greedy)),
                new Execution(
                        "m", new GenerationRequest(List.of(ChatMessage.user("ab "), ChatMessage.user("")), greedy)),
                new Execution("m", new GenerationRequest(List.of(ChatMessage.user("ab4:user0:")), greedy)));
        ExecutionCache cache = ExecutionCache.in(folder);
        for (int i = 0; i < different.size(); i++) {
            Execution one = different.get(i);
            assertThat(cache.get(one.fingerprint(), one.request(), running("t" + i))
                            .join()
                            .cached())
                    .isFalse();
        }
        ExecutionCache later = ExecutionCache.in(folder);
        for (int i = 0; i < different.size(); i++) {
            Execution one = different.get(i);
            assertThat(later.get(one.fingerprint(), one.request(), NEVER).join().generation())
                    .isEqualTo(generation("t" + i));
        }
    }

    @Test
    void runsIdenticalRequestsOnceUnderManyThreads() throws Exception {
        ExecutionCache cache = ExecutionCache.in(folder);
        AtomicInteger runs = new AtomicInteger();
        CompletableFuture<Generation> slow = new CompletableFuture<>();
        CountDownLatch start = new CountDownLatch(1);
        List<Future<CompletableFuture<ExecutionCache.Lookup>>> callers = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 200; i++) {
                callers.add(threads.submit(() -> {
                    start.await();
                    return cache.get("m", request("q"), () -> {
                        runs.incrementAndGet();
                        return slow;
                    });
                }));
            }
            start.countDown();
        }
        List<CompletableFuture<ExecutionCache.Lookup>> lookups = new ArrayList<>();
        for (Future<CompletableFuture<ExecutionCache.Lookup>> caller : callers) {
            lookups.add(caller.get());
        }
        assertThat(lookups).noneMatch(CompletableFuture::isDone);
        slow.complete(generation("a"));
        assertThat(lookups.stream().filter(lookup -> !lookup.join().cached())).hasSize(1);
        assertThat(lookups).allMatch(lookup -> lookup.join().generation().equals(generation("a")));
        assertThat(runs).hasValue(1);
        assertThat(cache.calls()).isEqualTo(1);
        assertThat(cache.saved()).isEqualTo(199);
    }

    @Test
    void survivesCallersThatCancel() {
        ExecutionCache cache = ExecutionCache.inMemory();
        CompletableFuture<Generation> slow = new CompletableFuture<>();
        CompletableFuture<ExecutionCache.Lookup> first = cache.get("m", request("q"), () -> slow);
        CompletableFuture<ExecutionCache.Lookup> second = cache.get("m", request("q"), NEVER);
        CompletableFuture<ExecutionCache.Lookup> third = cache.get("m", request("q"), NEVER);
        first.cancel(true);
        second.cancel(true);
        slow.complete(generation("a"));
        assertThat(third.join().generation()).isEqualTo(generation("a"));
    }

    @Test
    void forgetsFailuresAndTellsAllWhoWait() {
        ExecutionCache cache = ExecutionCache.in(folder);
        CompletableFuture<Generation> failing = new CompletableFuture<>();
        CompletableFuture<ExecutionCache.Lookup> first = cache.get("m", request("q"), () -> failing);
        CompletableFuture<ExecutionCache.Lookup> second = cache.get("m", request("q"), NEVER);
        failing.completeExceptionally(new UmemException(ErrorKind.REMOTE, "gone"));
        for (CompletableFuture<ExecutionCache.Lookup> waiting : List.of(first, second)) {
            assertThatThrownBy(waiting::join)
                    .cause()
                    .isInstanceOf(UmemException.class)
                    .hasMessage("gone");
        }
        List<Throwable> thrown = List.of(new IllegalStateException("no"), new StackOverflowError("deep"));
        for (Throwable problem : thrown) {
            CompletableFuture<ExecutionCache.Lookup> broken = cache.get("m", request("q"), () -> {
                if (problem instanceof Error error) {
                    throw error;
                }
                throw (RuntimeException) problem;
            });
            assertThatThrownBy(broken::join).hasRootCause(problem);
        }
        assertThat(cache.get("m", request("q"), running("a")).join())
                .isEqualTo(new ExecutionCache.Lookup(generation("a"), false));
        assertThat(cache.calls()).isEqualTo(4);
        assertThat(cache.saved()).isZero();
    }

    @Test
    void takesDamagedFilesAsMisses() throws Exception {
        ExecutionCache.in(folder).get("m", request("q"), running("a")).join();
        Path file = files(folder).getFirst();
        byte[] whole = Files.readAllBytes(file);
        List<byte[]> damaged = new ArrayList<>();
        for (int length = 0; length < whole.length; length++) {
            damaged.add(Arrays.copyOf(whole, length));
        }
        damaged.add(new byte[whole.length]);
        for (String text : new String[] {
            "null",
            "{}",
            "[]",
            "7",
            "\"text\"",
            "{\"text\":null,\"promptTokens\":1,\"completionTokens\":1,\"finish\":\"STOP\"}",
            "{\"text\":\"a\",\"promptTokens\":1,\"completionTokens\":1}",
            "{\"text\":\"a\",\"promptTokens\":1,\"finish\":\"STOP\"}",
            "{\"text\":\"a\",\"promptTokens\":1,\"completionTokens\":1,\"finish\":\"NEVER\"}"
        }) {
            damaged.add(text.getBytes());
        }
        for (byte[] bytes : damaged) {
            Files.write(file, bytes);
            assertThat(ExecutionCache.in(folder)
                            .get("m", request("q"), running("new"))
                            .join())
                    .as(new String(bytes))
                    .isEqualTo(new ExecutionCache.Lookup(generation("new"), false));
            // The run has put a whole file in its place.
            assertThat(ExecutionCache.in(folder)
                            .get("m", request("q"), NEVER)
                            .join()
                            .cached())
                    .isTrue();
        }
    }

    @Test
    void neverFailsOnRandomBytes() throws Exception {
        Seed.run(random -> {
            ExecutionCache.in(folder).get("m", request("r"), running("a")).join();
            Path file = files(folder).getFirst();
            for (int round = 0; round < 200; round++) {
                byte[] bytes = Files.readAllBytes(file);
                for (int flips = random.nextInt(1, 4); flips > 0; flips--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
                Files.write(file, bytes);
                assertThat(ExecutionCache.in(folder)
                                .get("m", request("r"), running("a"))
                                .join()
                                .generation()
                                .text())
                        .isNotNull();
            }
        });
    }

    @Test
    void instancesShareAFolder() throws Exception {
        List<ExecutionCache> caches = List.of(ExecutionCache.in(folder), ExecutionCache.in(folder));
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<Future<?>> work = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                ExecutionCache cache = caches.get(i % 2);
                String text = "q" + i / 8;
                work.add(threads.submit(() -> assertThat(cache.get("m", request(text), running(text))
                                .join()
                                .generation())
                        .isEqualTo(generation(text))));
            }
            for (Future<?> one : work) {
                one.get();
            }
        }
        assertThat(files(folder)).hasSize(50).allMatch(file -> file.toString().endsWith(".json"));
        assertThat(caches.get(0).calls() + caches.get(1).calls()).isBetween(50L, 100L);
        assertThat(ExecutionCache.in(folder)
                        .get("m", request("q7"), NEVER)
                        .join()
                        .cached())
                .isTrue();
    }

    @Test
    void anUnwritableFolderOnlyDisablesIt() throws IOException {
        Path occupied = Files.writeString(folder.resolve("occupied"), "not a folder");
        ExecutionCache cache = ExecutionCache.in(occupied);
        for (String text : List.of("a", "b")) {
            assertThat(cache.get("m", request(text), running(text)).join().cached())
                    .isFalse();
            assertThat(cache.get("m", request(text), NEVER).join().cached()).isTrue();
        }
        assertThat(occupied).hasContent("not a folder");
    }

    @Test
    void anInterruptedThreadLosesOneExecutionAtMost() {
        ExecutionCache cache = ExecutionCache.in(folder);
        Thread.currentThread().interrupt();
        CompletableFuture<ExecutionCache.Lookup> interrupted = cache.get("m", request("a"), running("a"));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(interrupted.join().generation()).isEqualTo(generation("a"));
        cache.get("m", request("b"), running("b")).join();
        assertThat(ExecutionCache.in(folder)
                        .get("m", request("b"), NEVER)
                        .join()
                        .cached())
                .isTrue();
    }

    @Test
    void sampledGenerationsPassThrough() throws IOException {
        ExecutionCache cache = ExecutionCache.in(folder);
        GenerationRequest sampled =
                new GenerationRequest(List.of(ChatMessage.user("q")), Sampling.temperature(1, 7, 8));
        for (String text : List.of("a", "b")) {
            assertThat(cache.get("m", sampled, running(text)).join())
                    .isEqualTo(new ExecutionCache.Lookup(generation(text), false));
        }
        assertThat(cache.calls()).isEqualTo(2);
        assertThat(cache.saved()).isZero();
        assertThat(files(folder)).isEmpty();
    }
}

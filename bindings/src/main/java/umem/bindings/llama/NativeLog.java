package umem.bindings.llama;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import umem.bindings.internal.generated.Llama;
import umem.bindings.internal.generated.ggml_log_callback;

/// Routes what llama.cpp and ggml log to the logger `umem.llama` and keeps the first error line, which names the cause;
/// the last one is generic ("failed to load model").
///
/// The callback is global and is called from native threads too, so it lives in the global arena and lets nothing
/// escape: an exception thrown in an upcall ends the process.
final class NativeLog {
    private static final System.Logger LOG = System.getLogger("umem.llama");
    private static final AtomicReference<@Nullable String> FIRST_ERROR = new AtomicReference<>();
    private static final int ERROR = Llama.GGML_LOG_LEVEL_ERROR();

    private NativeLog() {}

    static void install() {
        MemorySegment callback = ggml_log_callback.allocate(NativeLog::receive, Arena.global());
        Llama.llama_log_set(callback, MemorySegment.NULL);
    }

    private static void receive(int level, MemorySegment text, MemorySegment userData) {
        try {
            String line = text.reinterpret(Long.MAX_VALUE).getString(0).stripTrailing();
            if (line.isBlank()) {
                return;
            }
            if (level == ERROR) {
                FIRST_ERROR.compareAndSet(null, line);
            }
            LOG.log(System.Logger.Level.DEBUG, line);
        } catch (Throwable t) {
            // Nothing can be done here: a lost log line is better than a lost process.
        }
    }

    /// Forgets earlier errors. Call right before a native call whose failure is to be explained.
    static void clear() {
        FIRST_ERROR.set(null);
    }

    /// The first error line since [#clear()], or null.
    static @Nullable String firstError() {
        return FIRST_ERROR.get();
    }
}

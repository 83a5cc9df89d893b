package umem.bindings.internal;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// Asks the dynamic linker itself why a library cannot be opened: [SymbolLookup#libraryLookup] hides the reason.
public final class Dlopen {
    private static final int RTLD_NOW = 2;
    private static final int RTLD_LOCAL = 0;

    private Dlopen() {}

    /// Tries to open a library and leaves it open.
    ///
    /// @return an empty string on success, else the text of `dlerror`
    public static String reason(Path library) {
        Linker linker = Linker.nativeLinker();
        SymbolLookup lookup = linker.defaultLookup();
        MethodHandle dlopen = linker.downcallHandle(
                lookup.findOrThrow("dlopen"),
                FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
        MethodHandle dlerror =
                linker.downcallHandle(lookup.findOrThrow("dlerror"), FunctionDescriptor.of(ValueLayout.ADDRESS));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle =
                    (MemorySegment) dlopen.invokeExact(arena.allocateFrom(library.toString()), RTLD_NOW | RTLD_LOCAL);
            if (handle.address() != 0) {
                return "";
            }
            MemorySegment text = (MemorySegment) dlerror.invokeExact();
            return text.address() == 0
                    ? "no reason given"
                    : text.reinterpret(Long.MAX_VALUE).getString(0);
        } catch (Throwable t) {
            throw new IllegalStateException("dlopen cannot be called", t);
        }
    }
}

package umem.bindings.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/// The functions of `umem_kernels.h`, which says what each does, as they are: no argument is checked here.
final class KernelAbi {
    /// The version of the ABI that this class was written for.
    static final int VERSION = 1;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
    private static final MemoryLayout POINTER = ValueLayout.ADDRESS;

    private final MethodHandle abi;
    private final MethodHandle supports;
    private final MethodHandle multiply;
    private final MethodHandle pack;
    private final MethodHandle preferLargePages;
    private final MethodHandle normalise;
    private final MethodHandle attentionScratch;
    private final MethodHandle attend;

    /// Opens the library for as long as the process lives.
    ///
    /// @throws IllegalArgumentException if the dynamic linker refuses the file
    /// @throws java.util.NoSuchElementException if a function is missing
    KernelAbi(Path library) {
        SymbolLookup lookup = SymbolLookup.libraryLookup(library, Arena.global());
        abi = function(lookup, "abi", FunctionDescriptor.of(INT));
        supports = function(lookup, "supports", FunctionDescriptor.of(INT, INT));
        multiply = function(
                lookup,
                "multiply",
                FunctionDescriptor.ofVoid(INT, LONG, LONG, LONG, POINTER, LONG, POINTER, POINTER, POINTER, LONG, INT));
        pack = function(lookup, "pack", FunctionDescriptor.ofVoid(LONG, LONG, POINTER, POINTER));
        preferLargePages = function(lookup, "prefer_large_pages", FunctionDescriptor.ofVoid(POINTER, LONG));
        normalise = function(
                lookup,
                "normalise",
                FunctionDescriptor.ofVoid(INT, LONG, LONG, POINTER, POINTER, POINTER, POINTER, FLOAT, POINTER));
        attentionScratch = function(lookup, "attention_scratch", FunctionDescriptor.of(LONG, LONG, LONG));
        attend = function(
                lookup,
                "attend",
                FunctionDescriptor.ofVoid(
                        INT, LONG, LONG, LONG, POINTER, POINTER, POINTER, LONG, FLOAT, POINTER, POINTER, LONG));
    }

    private static MethodHandle function(SymbolLookup lookup, String name, FunctionDescriptor form) {
        return Linker.nativeLinker().downcallHandle(lookup.findOrThrow("umem_kernels_" + name), form);
    }

    int abi() {
        try {
            return (int) abi.invokeExact();
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    boolean supports(int set) {
        try {
            return (int) supports.invokeExact(set) != 0;
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    void multiply(
            int set,
            long m,
            long n,
            long k,
            MemorySegment a,
            long aStride,
            MemorySegment b,
            MemorySegment bias,
            MemorySegment c,
            long cStride,
            int activation) {
        try {
            multiply.invokeExact(set, m, n, k, a, aStride, b, bias, c, cStride, activation);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    void pack(long n, long k, MemorySegment source, MemorySegment packed) {
        try {
            pack.invokeExact(n, k, source, packed);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    void preferLargePages(MemorySegment memory) {
        try {
            preferLargePages.invokeExact(memory, memory.byteSize());
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    void normalise(
            int set,
            long m,
            long n,
            MemorySegment x,
            MemorySegment residual,
            MemorySegment weight,
            MemorySegment bias,
            float epsilon,
            MemorySegment out) {
        try {
            normalise.invokeExact(set, m, n, x, residual, weight, bias, epsilon, out);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    long attentionScratch(long tokens, long width) {
        try {
            return (long) attentionScratch.invokeExact(tokens, width);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    void attend(
            int set,
            long tokens,
            long heads,
            long width,
            MemorySegment q,
            MemorySegment k,
            MemorySegment v,
            long stride,
            float scale,
            MemorySegment scratch,
            MemorySegment out,
            long outStride) {
        try {
            attend.invokeExact(set, tokens, heads, width, q, k, v, stride, scale, scratch, out, outStride);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    /// The library itself throws nothing, so this is about the call: a segment of a closed arena, memory, a stack.
    private static RuntimeException uncallable(Throwable t) {
        if (t instanceof RuntimeException e) {
            return e;
        }
        if (t instanceof Error e) {
            throw e;
        }
        return new IllegalStateException("a kernel cannot be called", t);
    }
}

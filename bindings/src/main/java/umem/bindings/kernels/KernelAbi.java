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

    // Constants, so that the compiler sees through them; the address of the function is their first argument.
    private static final MethodHandle ABI = form(FunctionDescriptor.of(INT));
    private static final MethodHandle SUPPORTS = form(FunctionDescriptor.of(INT, INT));
    private static final MethodHandle MULTIPLY =
            form(FunctionDescriptor.ofVoid(INT, LONG, LONG, LONG, POINTER, LONG, POINTER, POINTER, POINTER, LONG, INT));
    private static final MethodHandle PACK = form(FunctionDescriptor.ofVoid(LONG, LONG, POINTER, POINTER));
    private static final MethodHandle PREFER_LARGE_PAGES = form(FunctionDescriptor.ofVoid(POINTER, LONG));
    private static final MethodHandle NORMALISE =
            form(FunctionDescriptor.ofVoid(INT, LONG, LONG, POINTER, POINTER, POINTER, POINTER, FLOAT, POINTER));
    private static final MethodHandle ATTENTION_SCRATCH = form(FunctionDescriptor.of(LONG, LONG, LONG));
    private static final MethodHandle ATTEND = form(FunctionDescriptor.ofVoid(
            INT, LONG, LONG, LONG, POINTER, POINTER, POINTER, LONG, FLOAT, POINTER, POINTER, LONG));

    private final MemorySegment abi;
    private final MemorySegment supports;
    private final MemorySegment multiply;
    private final MemorySegment pack;
    private final MemorySegment preferLargePages;
    private final MemorySegment normalise;
    private final MemorySegment attentionScratch;
    private final MemorySegment attend;

    /// Opens the library for as long as the process lives.
    ///
    /// @throws IllegalArgumentException if the dynamic linker refuses the file
    /// @throws java.util.NoSuchElementException if a function is missing
    KernelAbi(Path library) {
        SymbolLookup lookup = SymbolLookup.libraryLookup(library, Arena.global());
        abi = lookup.findOrThrow("umem_kernels_abi");
        supports = lookup.findOrThrow("umem_kernels_supports");
        multiply = lookup.findOrThrow("umem_kernels_multiply");
        pack = lookup.findOrThrow("umem_kernels_pack");
        preferLargePages = lookup.findOrThrow("umem_kernels_prefer_large_pages");
        normalise = lookup.findOrThrow("umem_kernels_normalise");
        attentionScratch = lookup.findOrThrow("umem_kernels_attention_scratch");
        attend = lookup.findOrThrow("umem_kernels_attend");
    }

    private static MethodHandle form(FunctionDescriptor form) {
        return Linker.nativeLinker().downcallHandle(form);
    }

    int abi() {
        try {
            return (int) ABI.invokeExact(abi);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    boolean supports(int set) {
        try {
            return (int) SUPPORTS.invokeExact(supports, set) != 0;
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
            MULTIPLY.invokeExact(multiply, set, m, n, k, a, aStride, b, bias, c, cStride, activation);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    void pack(long n, long k, MemorySegment source, MemorySegment packed) {
        try {
            PACK.invokeExact(pack, n, k, source, packed);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    void preferLargePages(MemorySegment memory) {
        try {
            PREFER_LARGE_PAGES.invokeExact(preferLargePages, memory, memory.byteSize());
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
            NORMALISE.invokeExact(normalise, set, m, n, x, residual, weight, bias, epsilon, out);
        } catch (Throwable t) {
            throw uncallable(t);
        }
    }

    long attentionScratch(long tokens, long width) {
        try {
            return (long) ATTENTION_SCRATCH.invokeExact(attentionScratch, tokens, width);
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
            ATTEND.invokeExact(attend, set, tokens, heads, width, q, k, v, stride, scale, scratch, out, outStride);
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

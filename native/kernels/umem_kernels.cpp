/* The C ABI: chooses the kernels of an instruction set. */
#include "dispatch.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace {

const Kernels &kernels(int32_t isa) {
#if defined(__x86_64__)
  switch (isa) {
  case UMEM_KERNELS_AVX512:
    return umem_kernels_avx512;
  case UMEM_KERNELS_AVX2:
    return umem_kernels_avx2;
  default:
    break;
  }
#endif
  (void)isa;
  return umem_kernels_portable;
}

} // namespace

int32_t umem_kernels_abi(void) { return UMEM_KERNELS_ABI; }

int32_t umem_kernels_supports(int32_t isa) {
  switch (isa) {
  case UMEM_KERNELS_PORTABLE:
    return 1;
#if defined(__x86_64__)
  case UMEM_KERNELS_AVX2:
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  case UMEM_KERNELS_AVX512:
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("fma");
#endif
  default:
    return 0;
  }
}

void umem_kernels_multiply(int32_t isa, int64_t m, int64_t n, int64_t k, const float *a, int64_t a_stride,
                           const float *b, const float *bias, float *c, int64_t c_stride, int32_t activation) {
  kernels(isa).multiply({m, n, k, a, a_stride, b, bias, c, c_stride, activation});
}

void umem_kernels_pack(int64_t n, int64_t k, const float *source, float *packed) {
  for (int64_t column = 0; column < whole_panels(n); column++) {
    float *panel = packed + column / UMEM_KERNELS_PANEL * UMEM_KERNELS_PANEL * k + column % UMEM_KERNELS_PANEL;
    for (int64_t i = 0; i < k; i++) {
      panel[i * UMEM_KERNELS_PANEL] = column < n ? source[column * k + i] : 0;
    }
  }
}

void umem_kernels_prefer_large_pages(void *start, int64_t bytes) {
#if defined(__linux__)
  constexpr uintptr_t page = 4096;
  uintptr_t first = (reinterpret_cast<uintptr_t>(start) + page - 1) / page * page;
  uintptr_t end = (reinterpret_cast<uintptr_t>(start) + static_cast<uintptr_t>(bytes)) / page * page;
  if (first < end) {
    madvise(reinterpret_cast<void *>(first), end - first, MADV_HUGEPAGE);
  }
#else
  (void)start;
  (void)bytes;
#endif
}

void umem_kernels_normalise(int32_t isa, int64_t m, int64_t n, const float *x, const float *residual,
                            const float *weight, const float *bias, float epsilon, float *out) {
  kernels(isa).normalise({m, n, x, residual, weight, bias, epsilon, out});
}

int64_t umem_kernels_attention_scratch(int64_t tokens, int64_t width) {
  return whole_panels(tokens) * (width + whole_panels(width) + QUERIES);
}

void umem_kernels_attend(int32_t isa, int64_t tokens, int64_t heads, int64_t width, const float *q, const float *k,
                         const float *v, int64_t qkv_stride, float scale, float *scratch, float *out,
                         int64_t out_stride) {
  for (int64_t head = 0; head < heads; head++) {
    int64_t from = head * width;
    kernels(isa).attend(
        {tokens, width, q + from, k + from, v + from, qkv_stride, scale, scratch, out + from, out_stride});
  }
}

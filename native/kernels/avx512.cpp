/* 32 registers of 16 floats: tiles of 14 rows and 2 vectors. */
#include <immintrin.h>

namespace {
using vec = __m512;
typedef int ints __attribute__((vector_size(64)));
constexpr int WIDTH = 16;
constexpr int TILE_ROWS = 14;
constexpr int TILE_COLUMNS = 32;
inline vec broadcast(float x) { return _mm512_set1_ps(x); }
inline vec load(const float *x) { return _mm512_loadu_ps(x); }
inline void store(float *x, vec v) { _mm512_storeu_ps(x, v); }
inline vec fma(vec a, vec b, vec c) { return _mm512_fmadd_ps(a, b, c); }
inline vec maximum(vec a, vec b) { return _mm512_max_ps(a, b); }
inline vec minimum(vec a, vec b) { return _mm512_min_ps(a, b); }
inline vec scale_by_power(vec p, vec shifted) { return (vec)((ints)p + ((ints)shifted << 23)); }
inline vec zero_where_less(vec x, vec bound, vec v) { return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x, bound, _CMP_NLT_UQ), v); }
} // namespace

#define UMEM_KERNELS_TABLE umem_kernels_avx512
#include "kernels.inc"

/* 16 registers of 8 floats: tiles of 6 rows and 2 vectors. */
#include <immintrin.h>

namespace {
using vec = __m256;
typedef int ints __attribute__((vector_size(32)));
constexpr int WIDTH = 8;
constexpr int TILE_ROWS = 6;
constexpr int TILE_COLUMNS = 16;
inline vec broadcast(float x) { return _mm256_set1_ps(x); }
inline vec load(const float *x) { return _mm256_loadu_ps(x); }
inline void store(float *x, vec v) { _mm256_storeu_ps(x, v); }
inline vec fma(vec a, vec b, vec c) { return _mm256_fmadd_ps(a, b, c); }
inline vec maximum(vec a, vec b) { return _mm256_max_ps(a, b); }
inline vec minimum(vec a, vec b) { return _mm256_min_ps(a, b); }
inline vec scale_by_power(vec p, vec shifted) { return (vec)((ints)p + ((ints)shifted << 23)); }
inline vec zero_where_less(vec x, vec bound, vec v) { return _mm256_and_ps(_mm256_cmp_ps(x, bound, _CMP_NLT_UQ), v); }
} // namespace

#define UMEM_KERNELS_TABLE umem_kernels_avx2
#include "kernels.inc"

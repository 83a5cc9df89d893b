/* 4 floats at a time, in the compiler's own vectors: any CPU. */
namespace {
typedef float vec __attribute__((vector_size(16)));
typedef int ints __attribute__((vector_size(16)));
constexpr int WIDTH = 4;
constexpr int TILE_ROWS = 4;
constexpr int TILE_COLUMNS = 16;
inline vec broadcast(float x) { return vec{x, x, x, x}; }
inline vec load(const float *x) { return vec{x[0], x[1], x[2], x[3]}; }
inline void store(float *x, vec v) {
  for (int i = 0; i < WIDTH; i++) {
    x[i] = v[i];
  }
}
inline vec fma(vec a, vec b, vec c) {
  vec result;
  for (int i = 0; i < WIDTH; i++) {
    result[i] = __builtin_fmaf(a[i], b[i], c[i]);
  }
  return result;
}
inline vec maximum(vec a, vec b) { return a > b ? a : b; }
inline vec minimum(vec a, vec b) { return a < b ? a : b; }
inline vec scale_by_power(vec p, vec shifted) { return (vec)((ints)p + ((ints)shifted << 23)); }
inline vec zero_where_less(vec x, vec bound, vec v) { return x < bound ? broadcast(0) : v; }
} // namespace

#define UMEM_KERNELS_TABLE umem_kernels_portable
#include "kernels.inc"

/* Holds the kernels to their header, in C: each instruction set of this CPU against double precision, and all of them
 * against each other bit for bit. The shapes that are odd in every way are tested through Java as well. */
#include "../umem_kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

static void check(int holds, const char *what, int isa) {
  if (!holds) {
    fprintf(stderr, "instruction set %d: %s\n", isa, what);
    failures++;
  }
}

static float *floats(size_t count) {
  static uint32_t state = 12345;
  float *values = malloc(sizeof(float) * (count + 1));
  for (size_t i = 0; i < count; i++) {
    state = state * 1664525u + 1013904223u;
    values[i] = (float)(state >> 8) / (1 << 23) - 1.0f;
  }
  return values;
}

static void multiplies(int isa, int m, int n, int k) {
  int padded = (n + UMEM_KERNELS_PANEL - 1) / UMEM_KERNELS_PANEL * UMEM_KERNELS_PANEL;
  float *a = floats((size_t)m * k), *w = floats((size_t)n * k), *bias = floats(padded);
  float *packed = floats((size_t)padded * k), *c = floats((size_t)m * n), *portable = floats((size_t)m * n);
  umem_kernels_pack(n, k, w, packed);
  umem_kernels_multiply(isa, m, n, k, a, k, packed, bias, c, n, UMEM_KERNELS_GELU);
  umem_kernels_multiply(UMEM_KERNELS_PORTABLE, m, n, k, a, k, packed, bias, portable, n, UMEM_KERNELS_GELU);
  check(memcmp(c, portable, sizeof(float) * m * n) == 0, "a product differs from the portable one", isa);
  double worst = 0;
  for (int row = 0; row < m; row++) {
    for (int column = 0; column < n; column++) {
      double sum = bias[column];
      for (int i = 0; i < k; i++) {
        sum += (double)a[row * k + i] * w[column * k + i];
      }
      double error = fabs(c[row * n + column] - sum * (1 + erf(sum * sqrt(0.5))) / 2);
      worst = error > worst ? error : worst;
    }
  }
  check(worst <= 3e-6 + 5e-7 * k, "a product is wrong", isa);
  free(a), free(w), free(bias), free(packed), free(c), free(portable);
}

static void attends(int isa, int tokens, int heads, int width) {
  int columns = heads * width;
  size_t count = (size_t)tokens * columns;
  float *q = floats(count), *k = floats(count), *v = floats(count), *out = floats(count), *portable = floats(count);
  float *scratch = floats(umem_kernels_attention_scratch(tokens, width));
  umem_kernels_attend(isa, tokens, heads, width, q, k, v, columns, 0.7f, scratch, out, columns);
  umem_kernels_attend(UMEM_KERNELS_PORTABLE, tokens, heads, width, q, k, v, columns, 0.7f, scratch, portable, columns);
  check(memcmp(out, portable, sizeof(float) * count) == 0, "an attention differs from the portable one", isa);
  free(q), free(k), free(v), free(out), free(portable), free(scratch);
}

static void normalises(int isa, int m, int n) {
  size_t count = (size_t)m * n;
  float *x = floats(count), *residual = floats(count), *weight = floats(n), *bias = floats(n);
  float *out = floats(count), *portable = floats(count);
  umem_kernels_normalise(isa, m, n, x, residual, weight, bias, 1e-12f, out);
  umem_kernels_normalise(UMEM_KERNELS_PORTABLE, m, n, x, residual, weight, bias, 1e-12f, portable);
  check(memcmp(out, portable, sizeof(float) * count) == 0, "a normalisation differs from the portable one", isa);
  free(x), free(residual), free(weight), free(bias), free(out), free(portable);
}

int main(void) {
  check(umem_kernels_abi() == UMEM_KERNELS_ABI, "the ABI is another one than the header's", -1);
  check(umem_kernels_supports(UMEM_KERNELS_PORTABLE) == 1, "the portable kernels are missing", -1);
  check(umem_kernels_supports(99) == 0, "an unknown instruction set is supported", -1);
  umem_kernels_prefer_large_pages(NULL, 0);
  for (int isa = UMEM_KERNELS_PORTABLE; isa <= UMEM_KERNELS_AVX512; isa++) {
    if (!umem_kernels_supports(isa)) {
      printf("instruction set %d: not on this CPU\n", isa);
      continue;
    }
    for (int m = 1; m <= 30; m++) {
      multiplies(isa, m, 1 + m * 7 % 70, 1 + m * 13 % 90);
      attends(isa, m, 1 + m % 3, 1 + m * 5 % 40);
      normalises(isa, m, m * 3);
    }
    multiplies(isa, 100, 48, 1536);
    attends(isa, 130, 2, 32);
  }
  return failures == 0 ? 0 : 1;
}

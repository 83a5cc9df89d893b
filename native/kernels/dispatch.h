/* What the file of each instruction set gives to the one that chooses between them. */
#ifndef UMEM_KERNELS_DISPATCH_H
#define UMEM_KERNELS_DISPATCH_H

#include "umem_kernels.h"

struct Product {
  int64_t m, n, k;
  const float *a;
  int64_t a_stride;
  const float *b;
  const float *bias;
  float *c;
  int64_t c_stride;
  int32_t activation;
};

struct Normalisation {
  int64_t m, n;
  const float *x, *residual, *weight, *bias;
  float epsilon;
  float *out;
};

struct Attention {
  int64_t tokens, width;
  const float *q, *k, *v;
  int64_t qkv_stride;
  float scale;
  float *scratch;
  float *out;
  int64_t out_stride;
};

struct Kernels {
  void (*multiply)(const Product &);
  void (*normalise)(const Normalisation &);
  void (*attend)(const Attention &);
};

extern const Kernels umem_kernels_portable;
extern const Kernels umem_kernels_avx2;
extern const Kernels umem_kernels_avx512;

constexpr int64_t whole_panels(int64_t n) { return (n + UMEM_KERNELS_PANEL - 1) / UMEM_KERNELS_PANEL * UMEM_KERNELS_PANEL; }

/* Queries of a head that are computed at a time: their scores are to stay in the cache. */
constexpr int QUERIES = 56;

#endif
